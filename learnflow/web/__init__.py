"""Building the web app: out of `frontend/`, with the machine's Node or that of a Python package."""
