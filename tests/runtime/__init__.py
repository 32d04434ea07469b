"""The adapter: what it understands, refuses and answers."""
