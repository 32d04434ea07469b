"""Lines to copy: what to try against a running gateway."""


def curl_lines(url: str, student_id: str = "STUDENT_ID") -> list[str]:
    """Commands for a shell, the specification's smallest requests."""
    head = "-H 'content-type: application/json'"
    return [
        f"curl '{url}/api/tutors?available=true'",
        f"""curl {url}/api/tutors {head} -d '{{"name":"Ada","subjects":["mathematics"]}}'""",
        f"""curl {url}/api/students {head} """
        """-d '{"name":"Max","grade":7,"subject":"mathematics"}'""",
        f"curl {url}/api/students/{student_id}",
        f"curl -N {url}/api/students/{student_id}/events",
    ]


def page_lines(url: str) -> list[str]:
    """Where the pages are, and if need be why they are not."""
    from learnflow.cli.place import ROOT
    from learnflow.web.state import Frontend

    states = {"none": "is not built yet", "old": "is older than its sources"}
    state = states.get(Frontend(ROOT / "frontend").build())
    why = [] if state is None else [f"The web app {state}: learnflow web build"]
    pages = f"students: {url}/student/, tutors: {url}/tutor/, what runs: {url}/system/"
    return [f"Open {url}/ ({pages})", *why]


def attach_lines(name: str, command: str) -> list[str]:
    """How to start a function that is left to a debugger."""
    return [
        f"{name} is left to you. Start it in another terminal (breakpoint() works in it):",
        command,
        "Under a debugger: `-m pdb -m …` or `-m debugpy --listen 5678 --wait-for-client -m …` in",
        "place of its `-m …`; in an editor: that module, that argument, that environment.",
    ]
