"""`learnflow doctor`: is everything there that `up` needs?"""

from learnflow.cli.options import Json, Port


def doctor(port: Port = 8080, json: Json = False) -> None:
    """Look at Python, Postgres, folders, port, leftovers, manifests, web app; change nothing."""
    from dataclasses import asdict

    from learnflow.cli import checks
    from learnflow.cli.output import print_json
    from learnflow.cli.problem import Problem
    from learnflow.cli.stages import Stages

    looks = (checks.python, checks.postgres, checks.folders, checks.lock)
    rest = (checks.port(port), checks.manifests, checks.web_app)
    found = [one for look in (*looks, *rest) for one in look()]
    broken = [one for one in found if one.state == "fail"]
    if json:
        print_json({"ok": not broken, "checks": [asdict(one) for one in found]})
    else:
        with Stages() as stages:
            for one in found:
                state = "done" if one.state == "ok" else "warn"
                remedy = f"  ->  {one.fix}" if one.fix else ""
                stages.line(state, one.name, f"{one.detail}{remedy}")
    if broken:
        names = ", ".join(one.name for one in broken)
        raise Problem(f"LearnFlow cannot run here: {names}.", broken[0].fix)
