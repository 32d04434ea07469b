"""Reload on save, with the real runner: what was saved serves, what is broken does not."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest

from tests.eventually import eventually
from tests.system.harness import REPOSITORY
from tests.system.saving import Saved, saved, steadily

pytestmark = pytest.mark.timeout(240)
FILE = "functions/find_student/main.py"
NAME = 'NotFound("student")'
SOURCE = (REPOSITORY / FILE).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def here() -> Iterator[Saved]:
    with saved(window=1.0, grace=0.1) as system:
        yield system


@pytest.fixture
async def http(here: Saved) -> AsyncIterator[aiohttp.ClientSession]:
    """A client; whatever a test saved is as it was afterwards."""
    async with aiohttp.ClientSession(here.system.url) as session:
        yield session
        if here.main.read_text(encoding="utf-8") != SOURCE:
            here.save(here.main, SOURCE)
            await serves(session, "no such student")


def finding(what: str) -> str:
    """The function's file, with another word for what is not found."""
    assert NAME in SOURCE
    return SOURCE.replace(NAME, f'NotFound("{what}")')


async def ask(http: aiohttp.ClientSession) -> tuple[int, str]:
    """Status and detail of an answer by the function that is saved."""
    async with http.get(f"/api/students/{'0' * 32}") as response:
        return response.status, str((await response.json())["detail"])


async def serves(http: aiohttp.ClientSession, what: str, seconds: float = 20) -> float:
    """After how many seconds the function's answer holds `what`."""
    began = time.monotonic()

    async def said() -> bool:
        return what in (await ask(http))[1]

    await eventually(said, seconds, every=0.005, message=f"{what!r} is not served")
    return time.monotonic() - began


async def test_a_save_under_load_loses_no_request_and_then_all_is_new(
    here: Saved, http: aiohttp.ClientSession
) -> None:
    await serves(http, "no such student")
    end = asyncio.Event()
    load = asyncio.create_task(steadily(lambda: ask(http), 20, end))
    took = []
    for number in range(5):
        here.save(here.main, finding(f"edition {number}"))
        took.append(await serves(http, f"edition {number}"))
    at = time.monotonic()
    await asyncio.sleep(0.5)
    end.set()
    answers = await load
    assert {status for _, (status, _) in answers} == {404}
    assert {detail for asked, (_, detail) in answers if asked > at} == {
        "there is no such edition 4"
    }
    assert sorted(took)[len(took) // 2] < 0.8  # 0.3 s on a machine with nothing else to do
    await here.says("find-student done new code serves", "ms after the save")


@pytest.mark.parametrize(
    ("broken", "line", "error"),
    [
        (SOURCE + "\ndef oops(:\n", SOURCE.count("\n") + 2, "SyntaxError"),
        ("import no_such_module\n" + SOURCE, 1, "ModuleNotFoundError"),
        (SOURCE.replace("async def find_student", "async def found"), None, "declares no function"),
        (SOURCE + "\nraise RuntimeError('at import')\n", SOURCE.count("\n") + 2, "at import"),
    ],
    ids=["syntax", "import", "no target", "exception"],
)
async def test_a_broken_file_keeps_the_old_code_serving_until_it_is_mended(
    here: Saved, http: aiohttp.ClientSession, broken: str, line: int | None, error: str
) -> None:
    here.save(here.main, broken)
    place = FILE if line is None else f"{FILE}:{line}:"
    said = await here.says("find-student warn does not load", place, error)
    assert "the code before goes on serving" in said
    assert [one for one in await here.lines_of("find-student") if error in one]
    assert (await ask(http))[1] == "there is no such student"
    assert sum(error in one and "does not load" in one for one in here.logged()) == 1
    before = len(here.logged())
    here.save(here.main, SOURCE)
    await eventually(lambda: any("loads again" in line for line in here.logged()[before:]), 20)
    here.save(here.main, finding(f"{line}"))
    await serves(http, f"no such {line}")
    await here.says("find-student done loads again")


async def test_the_old_code_is_woken_from_zero_while_a_broken_file_lies_there(
    here: Saved, http: aiohttp.ClientSession
) -> None:
    here.save(here.main, "nothing of this loads(")
    await here.says("find-student warn does not load", "was never closed")
    await eventually(lambda: here.at_zero("find-student"), 20)
    assert (await ask(http))[1] == "there is no such student"
    assert await here.instances("find-student") == 1


async def test_a_saved_library_serves_and_a_broken_one_does_not(
    here: Saved, http: aiohttp.ClientSession
) -> None:
    file = here.root / "learnflow" / "runtime" / "problems.py"
    library = file.read_text(encoding="utf-8")
    end = asyncio.Event()
    load = asyncio.create_task(steadily(lambda: ask(http), 20, end))
    here.save(file, library.replace("there is no such", "nowhere is a"))
    await serves(http, "nowhere is a student", 30)
    here.save(file, library + "\n1 / 0\n")
    line = library.count("\n") + 2
    await here.says(f"learnflow/runtime/problems.py:{line}: ZeroDivisionError", "goes on")
    assert (await ask(http))[1] == "nowhere is a student"
    here.save(file, library)
    await serves(http, "there is no such student", 30)
    end.set()
    assert {status for _, (status, _) in await load} == {404}
    await here.says("load again: fork servers and", "functions renewed")
    await here.says("learnflow/runtime/problems.py: run by the runner too; restart `up`")


async def test_functions_that_a_library_breaks_stay_with_the_one_before(
    here: Saved, http: aiohttp.ClientSession
) -> None:
    here.save(here.main, finding("student before"))
    await serves(http, "student before")
    view = here.root / "learnflow" / "views" / "student.py"
    shown = view.read_text(encoding="utf-8")
    here.save(view, shown.replace("class StudentView", "class RenamedView"))
    await here.says("not load", "find-student", "StudentView")
    await eventually(lambda: here.at_zero("find-student"), 20)
    assert "student before" in (await ask(http))[1]
    here.save(view, shown)
    await here.says("views/student.py", "renewed")


async def test_a_file_of_the_runner_alone_asks_for_a_restart(here: Saved) -> None:
    file = here.root / "learnflow" / "local" / "gateway.py"
    here.save(file, file.read_text(encoding="utf-8") + "\n# saved\n")
    await here.says("learnflow/local/gateway.py: run by the runner too; restart `up`")
    assert not [line for line in here.logged() if "gateway.py: fork servers" in line]


async def test_a_saved_manifest_is_in_force_or_says_that_it_is_not(here: Saved) -> None:
    folder = here.root / "k8s" / "base" / "functions"
    file = folder / "find-tutor.yaml"
    plain = file.read_text(encoding="utf-8")
    here.save(file, plain.replace('max-scale: "5"', 'max-scale: "1"'))
    await here.says("find-tutor.yaml: find-tutor: scale.max", "→ 1", "in force")
    here.save(file, plain.replace("timeoutSeconds", "timeoutSecond"))
    await here.says("timeoutSecond: not emulated")
    here.save(file, plain.replace("GET /api/tutors/", "GET /api/tutor/"))
    await here.says("find-tutor: routes", "restart `up` to apply it")
    here.save(file, plain.replace("kind: Service", "kind: Servant"))
    await here.says("find-tutor.yaml: kind", "What runs stays as it is")
