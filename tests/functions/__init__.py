"""The functions, each with its histories."""
