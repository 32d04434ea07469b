"""Those who race: each serves POST /api/students in a process of its own."""
