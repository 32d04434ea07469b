"""Names as people type them: hyphens or underscores, and the nearest one when there is none."""

from learnflow.cli.control import Control


def known_function(typed: str, runner: Control) -> str:
    """The name of a function that runs. Raises Problem that names what is near."""
    from difflib import get_close_matches

    from learnflow.cli.problem import Problem

    name = typed.replace("_", "-")
    names = sorted(one["function"] for one in runner.get("ps")["functions"])
    if name not in names:
        near = get_close_matches(name, names, 3) or names
        raise Problem(f"There is no function {name}.", f"one of: {', '.join(near)}")
    return name
