"""Code generation from YAML: a specification of functions and events becomes their files.

`reading` checks the specification, `files` renders what it asks for, `staging` proves it in a copy
of the repository, `writing` puts it into place, all of it or nothing.
"""
