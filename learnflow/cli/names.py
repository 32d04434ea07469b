"""Names as people type them: hyphens or underscores, and the nearest one when there is none."""

from collections.abc import Iterable


def known_function(typed: str, known: Iterable[str]) -> str:
    """The function's name. Raises Problem that names what is near."""
    from difflib import get_close_matches

    from learnflow.cli.problem import Problem

    name, names = typed.replace("_", "-"), sorted(known)
    if name not in names:
        near = get_close_matches(name, names, 3) or names
        raise Problem(f"There is no function {name}.", f"one of: {', '.join(near)}")
    return name
