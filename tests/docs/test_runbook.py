"""The runbook has every message that the code has, and none that it has not."""

import ast
import re
from pathlib import Path

from tests.docs.messages import ROOT, messages, passed_on

RUNBOOK = ROOT / "docs" / "runbook.md"
ROW = re.compile(r"^\| (`{1,2}) ?(.+?) ?\1 \| (.+?) \| (.+?) \|$", re.MULTILINE)
OTHERS = {
    "learnflow/cli/evaluate.py: str(error)": "BadData, listed itself",
    "learnflow/cli/problem.py: error.what": "a manifest's error, which names file and field",
    "learnflow/cli/problem.py: f'{type(error).__name__}: {error}'": "what nobody foresaw",
    "learnflow/cli/problem.py: str(error)": "the library's exceptions, listed themselves",
    "learnflow/cli/problem.py: what": "Problem's own constructor",
    "learnflow/scaffold/reading.py: what": "SpecError's own constructor, and which parts disagree",
    "learnflow/scaffold/staging.py: what": "CannotGenerate's own constructor",
    "learnflow/cli/new.py: error.what": "those two, listed themselves",
    "learnflow/cli/web.py: str(error)": "NotBuilt, listed itself",
    "learnflow/web/building.py: what": "NotBuilt's own constructor",
    "learnflow/local/progress.py: what": "StartError's own constructor",
    "learnflow/local/asking.py: detail": "Refused's own constructor",
    "learnflow/local/sending.py: detail": "NotSendable's own constructor",
    "learnflow/local/forwarding.py: title": "the gateway's answers, which are HTTP's",
    "learnflow/local/control_events.py: reasons[0]": "pubsub's Malformed, listed itself",
    "learnflow/local/control_faults.py: wrong": "which field of a switch breaks which rule",
    "learnflow/local/forkserver.py: why": "the last words of a fork server, listed themselves",
    "learnflow/local/forkserver_control.py: what": "likewise",
    "learnflow/cluster/errors.py: what": "ClusterError's own constructor",
    "learnflow/cluster/viewing_service.py: title": "the system page's source's answers, HTTP's",
    "learnflow/settings.py: '; '.join(wrong)": "which variable breaks which rule",
    "learnflow/local/paths.py: pid": "AlreadyRunning, whose constructor makes the message",
}
"""Messages that are another's text, and whose."""


def rows() -> dict[str, tuple[str, str]]:
    return {said: (why, do) for _, said, why, do in ROW.findall(RUNBOOK.read_text("utf-8"))}


def doctor() -> set[str]:
    """The names of the checks that can warn or fail."""
    tree = ast.parse((ROOT / "learnflow" / "cli" / "checks.py").read_text("utf-8"))
    return {
        str(call.args[0].value)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and getattr(call.func, "id", "") == "Check"
        and isinstance(call.args[0], ast.Constant)
        and any(word in ast.unparse(call.args[1]) for word in ("warn", "fail"))
    }


def test_every_message_is_in_the_runbook() -> None:
    missing = {said: where for said, where in messages().items() if said not in rows()}
    assert not missing, "add a row to docs/runbook.md"


def test_every_row_of_the_runbook_is_a_message() -> None:
    assert set(rows()) - set(messages()) - doctor() == set(), "no code says this any more"


def test_every_check_of_doctor_is_in_the_runbook() -> None:
    assert doctor() - set(rows()) == set()


def test_a_text_that_is_not_read_here_is_known_to_be_another_s() -> None:
    assert passed_on() - OTHERS.keys() == set(), "write the message where it is raised"


def test_every_row_says_why_and_what_to_do() -> None:
    assert all(why.strip() and do.strip() for why, do in rows().values())


def test_a_new_message_is_noticed_wherever_it_hides(tmp_path: Path) -> None:
    folder = tmp_path / "learnflow" / "cli"
    folder.mkdir(parents=True)
    (tmp_path / "learnflow" / "settings.py").touch()
    (folder / "new.py").write_text(
        "class Odd(Problem):\n"
        "    def __init__(self, n):\n"
        "        super().__init__(f'Odd {n}.')\n"
        "def one(x):\n"
        "    what = 'Left.' if x else 'Right.'\n"
        "    raise Problem(what, 'do')\n"
        "def two(x):\n"
        "    raise Refused(404, f'no {x} ' + 'here')\n"
        "def three(x):\n"
        "    raise problem.Problem(make(x))\n",
        "utf-8",
    )
    assert set(messages(tmp_path)) == {"Odd ….", "Left.", "Right.", "no … here"}
    assert passed_on(tmp_path) == {"learnflow/cli/new.py: make(x)"}
