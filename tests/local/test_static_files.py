"""The web app's files at the gateway over real sockets: codings, validators, policy, misses."""

import gzip
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from learnflow.local import ports, static_files
from learnflow.local.content_policy import policy
from learnflow.local.gateway import Gateway
from learnflow.local.pool import Pool
from learnflow.local.site import MISSING
from tests.local.fakes import FakeStarter, function, route
from tests.local.test_gateway import FUNCTIONS, Echo, raw

PAGE = (
    '<!doctype html><title>{}</title><script src="/theme.js"></script><script>go(1 && "é")</script>'
)
SCRIPT = b"go = (n) => n;" * 40
HASHED = "/_next/static/chunks/0-abc.js"
HTML = {"accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}


def build(out: Path, mark: str = "one", script: str = HASHED) -> None:
    """What `npm run build` leaves, and the mark that a build leaves last."""
    files = {f"{name}index.html": PAGE.format(name or "home") for name in ("", "student/")}
    files |= {"404.html": PAGE.format("nowhere"), "theme.js": "0", ".hidden": "secret"}
    for name, text in files.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_text(text, "utf-8")
    chunk = out / script[1:]
    chunk.parent.mkdir(parents=True, exist_ok=True)
    chunk.write_bytes(SCRIPT)
    Path(f"{chunk}.gz").write_bytes(gzip.compress(SCRIPT))
    Path(f"{chunk}.br").write_bytes(b"as if by brotli")
    sheet = out / "_next" / "static" / "css" / "0.css"
    sheet.parent.mkdir(parents=True, exist_ok=True)
    sheet.write_text("p::after{content:'→'}", "utf-8")
    (out / "api" / "students").mkdir(parents=True, exist_ok=True)
    (out / "api" / "students" / "index.html").write_text("a file in the way")
    (out / static_files.BUILT).write_text(mark)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
async def http(sockets: Path, out: Path) -> AsyncIterator[aiohttp.ClientSession]:
    pool = Pool({one.name: one for one in FUNCTIONS}, FakeStarter(sockets, Echo()))
    bound, gateway = ports.bind(0), Gateway(pool, files=out)
    await gateway.start(bound.socket)
    url = f"http://127.0.0.1:{bound.port}"
    async with aiohttp.ClientSession(url, auto_decompress=False) as session:
        yield session
    await gateway.stop(0.2)
    await pool.stop(grace=0.2)


@pytest.fixture
async def web(http: aiohttp.ClientSession, out: Path) -> aiohttp.ClientSession:
    """A client of a gateway with a built web app."""
    build(out)
    return http


async def test_pages_are_served_to_people_and_the_index_to_programs(
    web: aiohttp.ClientSession,
) -> None:
    for path, title in {"/": "home", "/student/?id=7": "student/"}.items():
        async with web.get(path, headers=HTML) as response:
            assert (response.status, response.content_type) == (200, "text/html")
            assert f"<title>{title}</title>" in await response.text()
    async with web.get("/") as response:
        assert len((await response.json())["functions"]) == len(FUNCTIONS)
        assert "accept" in response.headers["vary"].lower()


@pytest.mark.parametrize(
    ("accepted", "coding", "body"),
    [
        ("gzip, deflate, br", "br", b"as if by brotli"),
        ("gzip", "gzip", SCRIPT),
        ("br;q=0, gzip;q=0.5", "gzip", SCRIPT),
        ("br;q=0.2, gzip;q=0.8", "gzip", SCRIPT),
        ("*", "br", b"as if by brotli"),
        ("identity", None, SCRIPT),
        ("br;q=none", None, SCRIPT),
        ("", None, SCRIPT),
    ],
)
async def test_the_coding_is_one_that_the_client_accepts(
    web: aiohttp.ClientSession, accepted: str, coding: str | None, body: bytes
) -> None:
    async with web.get(HASHED, headers={"accept-encoding": accepted}) as response:
        assert response.headers.get("content-encoding") == coding
        assert response.headers["vary"] == "Accept-Encoding"
        got = await response.read()
    assert (gzip.decompress(got) if coding == "gzip" else got) == body


async def test_hashed_files_are_kept_for_ever_and_pages_are_asked_for_again(
    web: aiohttp.ClientSession,
) -> None:
    async with web.get(HASHED) as response:
        assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert response.content_type == "text/javascript"
    async with web.get("/student/", headers=HTML) as response:
        assert response.headers["cache-control"] == "no-cache"
        etag = response.headers["etag"]
    for said in (etag, f'"other", W/{etag}', "*"):
        async with web.get("/student/", headers={"if-none-match": said}) as response:
            assert (response.status, await response.read()) == (304, b"")
            assert response.headers["etag"] == etag
    async with web.get("/student/", headers={"if-none-match": '"other"'}) as response:
        assert response.status == 200


async def test_each_coding_has_a_validator_of_its_own(web: aiohttp.ClientSession) -> None:
    tags = set()
    for coding in ("br", "gzip", "identity"):
        async with web.get(HASHED, headers={"accept-encoding": coding}) as response:
            tags.add(response.headers["etag"])
    assert len(tags) == 3


async def test_head_says_the_length_and_sends_nothing(web: aiohttp.ClientSession) -> None:
    async with web.head(HASHED, headers={"accept-encoding": "identity"}) as response:
        assert (response.status, response.headers["content-length"]) == (200, str(len(SCRIPT)))
        assert await response.read() == b""


async def test_a_file_can_only_be_looked_at(web: aiohttp.ClientSession) -> None:
    async with web.post("/student/") as response:
        assert (response.status, response.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    async with web.options("/student/") as response:
        assert (response.status, response.headers["allow"]) == (204, "GET, HEAD, OPTIONS")


async def test_a_page_without_its_slash_is_sent_to_it(web: aiohttp.ClientSession) -> None:
    async with web.get("/student?id=7", headers=HTML, allow_redirects=False) as response:
        assert (response.status, response.headers["location"]) == (307, "/student/?id=7")


async def test_people_who_are_lost_get_a_page_and_programs_a_problem(
    web: aiohttp.ClientSession,
) -> None:
    async with web.get("/studint/", headers=HTML) as response:
        assert (response.status, response.content_type) == (404, "text/html")
        assert "<title>nowhere</title>" in await response.text()
    async with web.get("/studint/") as response:
        assert (response.status, response.content_type) == (404, "application/problem+json")


async def test_functions_and_their_routes_come_before_files(web: aiohttp.ClientSession) -> None:
    async with web.get("/api/students", headers=HTML) as response:
        assert (await response.json())["path"] == "/api/students"


@pytest.mark.parametrize(
    "path",
    [
        "/../secret",
        "/%2e%2e/secret",
        "/..%2fsecret",
        "/student/../../secret",
        "//etc/passwd",
        "/.built",
        "/.hidden",
        "/link",
        "/_next/static/%00",
        "/student/%2e%2e/%2e%2e/secret",
    ],
)
async def test_nothing_but_the_build_s_own_files_can_be_asked_for(
    web: aiohttp.ClientSession, out: Path, path: str
) -> None:
    (out.parent / "secret").write_text("the secret")
    (out / "link").symlink_to(out.parent / "secret")
    answer = await raw(web, f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    assert answer.startswith((b"HTTP/1.1 404", b"HTTP/1.1 400"))
    assert b"secret" not in answer


async def test_a_page_may_run_what_stands_in_it_and_nothing_else(
    web: aiohttp.ClientSession,
) -> None:
    async with web.get("/student/") as response:
        said = response.headers
    rules = dict(rule.split(" ", 1) for rule in said["content-security-policy"].split("; "))
    assert rules["script-src"] == "'self' 'sha256-fAC9iu+9ZPbLKQC4HxgfKd6vmFfuBGmdlNRRp2GpVUY='"
    empty = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"  # as it is inserted at first
    sheet = f"'self' {empty} 'sha256-1F4Efi+Yv+pDI8AkYVPuG11VdrVlmh55kIvoAF2aYqs='"
    assert rules["style-src"] == sheet  # Next.js inserts it where a link leads to its page
    assert (rules["default-src"], rules["frame-ancestors"]) == ("'none'", "'none'")
    assert "unsafe" not in said["content-security-policy"]
    assert said["x-content-type-options"] == "nosniff"
    assert said["referrer-policy"] == "same-origin"


def test_styles_are_allowed_by_hash_and_data_needs_no_leave() -> None:
    page = '<style>p{}</style><p style="color:red"><script type="application/json">{}</script>'
    made = policy(page)
    assert "script-src 'self';" in made
    assert re.search("style-src 'self' 'sha256-[^']+' 'unsafe-hashes' 'sha256-[^']+'$", made)


async def test_a_new_build_is_noticed_and_old_pages_still_find_their_scripts(
    web: aiohttp.ClientSession, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(static_files, "_LOOK_SECONDS", 0.0)
    async with web.get(HASHED) as response:
        assert response.status == 200
    (out / HASHED[1:]).unlink()
    newer = HASHED.replace("abc", "def")
    build(out, "two", newer)
    os.utime(out / static_files.BUILT, ns=(1, 1))
    for path in (newer, HASHED):
        async with web.get(path) as response:
            assert response.status == 200, path


async def test_a_build_by_hand_is_served_once_it_rests(
    http: aiohttp.ClientSession, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(static_files, "_LOOK_SECONDS", 0.0)
    build(out)
    (out / static_files.BUILT).unlink()
    async with http.get("/student/") as response:
        assert response.status == 404
    for one in (out, out / "index.html"):
        os.utime(one, (1, 1))
    async with http.get("/student/") as response:
        assert response.status == 200


async def test_while_a_build_runs_the_one_before_is_served(
    web: aiohttp.ClientSession, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(static_files, "_LOOK_SECONDS", 0.0)
    async with web.get("/student/") as response:
        assert response.status == 200
    (out / static_files.BUILT).unlink()
    (out / "student" / "index.html").unlink()
    async with web.get("/student/") as response:
        assert response.status == 200


async def test_without_a_build_the_index_says_what_is_missing(http: aiohttp.ClientSession) -> None:
    for path, status in {"/": 200, "/student/": 404}.items():
        async with http.get(path, headers=HTML) as response:
            text = await response.text()
            assert (response.status, "register-student" in text) == (status, True)
            assert MISSING.replace("`", "") in text.replace("`", "")
    async with http.get("/") as response:
        assert (await response.json())["functions"]


async def test_the_web_app_is_at_the_front_end_s_port_and_not_at_a_service_s(
    sockets: Path, out: Path
) -> None:
    build(out)
    one = function("find-student", routes=(route("GET /api/students"),), service="student-api")
    pool = Pool({one.name: one}, FakeStarter(sockets, Echo()))
    gateway = Gateway(pool, files=out)
    for service, status in ((None, 200), ("student-api", 404)):
        bound = ports.bind(0)
        await gateway.start(bound.socket, service)
        url = f"http://127.0.0.1:{bound.port}"
        async with aiohttp.ClientSession(url, headers=HTML) as session:
            async with session.get("/student/") as response:
                assert response.status == status
            async with session.get("/") as response:
                assert ("find-student" in await response.text()) == (service is not None)
    await gateway.stop(0.2)
    await pool.stop(grace=0.2)
