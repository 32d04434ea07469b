"""The web image's nginx with its own configuration, on the built app or on pages like it."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final

import aiohttp
import pytest

from learnflow.cluster.page_policies import lines
from learnflow.local.content_policy import policy
from tests.eventually import eventually_sync
from tests.manifests.trees import ROOT
from tests.ports import free_port

CONFIG: Final = ROOT / "k8s" / "images" / "web" / "nginx.conf"
OVERLAY: Final = ROOT / "k8s" / "components" / "web-local"
PAGE: Final = "<!doctype html><script>go()</script><script src=/_next/static/a-1f.js></script>"
SHEET: Final = "p{}"
NGINX: Final = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
MODULE: Final = Path("/usr/lib/nginx/modules/ngx_http_brotli_static_module.so")

pytestmark = pytest.mark.skipif(
    NGINX is None or not MODULE.exists(),
    reason="there is no nginx with brotli: apt-get install nginx libnginx-mod-http-brotli-static",
)


@pytest.fixture(scope="module")
def site() -> Iterator[Path]:
    """What the image holds at /srv and the ConfigMap at /etc/learnflow/web."""
    folder = Path(tempfile.mkdtemp(prefix="lfw-", dir="/tmp"))
    folder.chmod(0o755)  # it runs as another user
    web = folder / "srv" / "web"
    pages = {"index.html": PAGE, "student/index.html": PAGE, "404.html": PAGE, ".built": "x"}
    static = {"_next/static/a-1f.js": "go = 1;" * 100, "_next/static/b-2e.css": SHEET}
    for name, text in {**pages, **static}.items():
        (web / name).parent.mkdir(parents=True, exist_ok=True)
        (web / name).write_text(text)
    (web / "_next/static/a-1f.js.br").write_bytes(b"brotli")
    (web / "_next/static/a-1f.js.gz").write_bytes(b"gzip")
    (folder / "srv" / "policies.map").write_text("\n".join(lines(web)))
    shutil.copytree(OVERLAY, folder / "etc")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def url(site: Path) -> Iterator[str]:
    """nginx as the image runs it; only places and the port are of this test."""
    port = free_port()
    text = CONFIG.read_text("utf-8")
    changes = {
        "/tmp/": f"{site}/tmp/",
        "/srv/": f"{site}/srv/",
        "/etc/learnflow/web": f"{site}/etc",
        "listen 8080;": f"listen 127.0.0.1:{port};",
    }
    for before, after in changes.items():
        assert before in text
        text = text.replace(before, after)
    (site / "tmp").mkdir()
    (site / "tmp").chmod(0o777)
    (site / "nginx.conf").write_text(text)
    assert NGINX is not None
    nobody = {"user": 65532, "group": 65532, "extra_groups": ()} if os.geteuid() == 0 else {}
    process = subprocess.Popen(
        [NGINX, "-e", "stderr", "-c", str(site / "nginx.conf"), "-g", "daemon off;"],
        stderr=subprocess.PIPE,
        text=True,
        **nobody,  # type: ignore[call-overload]
    )
    try:
        eventually_sync(lambda: process.poll() is not None or _listens(port))
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
    _, said = process.communicate(timeout=10)
    assert [one for one in said.splitlines() if "[emerg]" in one or "[error]" in one] == []


@pytest.fixture
async def http(url: str) -> AsyncIterator[aiohttp.ClientSession]:
    """A client that decodes nothing and follows nothing."""
    async with aiohttp.ClientSession(url, auto_decompress=False) as session:
        async with session.get("/readyz") as answer:
            assert answer.status == 200
        yield session


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize("path", ["/", "/student/", "/missing/"])
async def test_each_page_may_run_its_own_scripts_and_reach_the_functions(
    http: aiohttp.ClientSession, path: str
) -> None:
    async with http.get(path) as answer:
        said = answer.headers["content-security-policy"]
        assert answer.status == (404 if path == "/missing/" else 200)
        assert (await answer.text()) == PAGE
    own = policy(PAGE, [SHEET])
    assert own.count("'sha256-") >= 2  # its script and what it may insert
    both = " ".join(f"{scheme}://*.learnflow.localhost:8080" for scheme in ("http", "ws"))
    assert said == own.replace("connect-src 'self'", f"connect-src 'self' {both}")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers.get("cache-control") == (None if answer.status == 404 else "no-cache")


@pytest.mark.parametrize(
    ("accepts", "coding", "body"),
    [
        ("gzip, deflate, br, zstd", "br", b"brotli"),
        ("gzip", "gzip", b"gzip"),
        ("identity", None, b"go = 1;" * 100),
    ],
)
async def test_what_was_compressed_by_the_build_is_given_as_it_is(
    http: aiohttp.ClientSession, accepts: str, coding: str | None, body: bytes
) -> None:
    headers = {"accept-encoding": accepts}
    async with http.get("/_next/static/a-1f.js", headers=headers) as answer:
        assert (answer.headers.get("content-encoding"), await answer.read()) == (coding, body)
        assert answer.content_type == "application/javascript"
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["vary"] == "Accept-Encoding"


async def test_a_page_that_is_known_already_is_not_sent_again(
    http: aiohttp.ClientSession,
) -> None:
    async with http.get("/") as first:
        tag = first.headers["etag"]
    async with http.get("/", headers={"if-none-match": tag}) as again:
        assert again.status == 304


async def test_the_configuration_is_that_of_the_overlay(http: aiohttp.ClientSession) -> None:
    async with http.get("/config.json") as answer:
        assert await answer.read() == (OVERLAY / "config.json").read_bytes()
        assert (answer.content_type, answer.headers["cache-control"]) == (
            "application/json",
            "no-cache",
        )


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/student", 301),
        ("GET", "/.built", 404),
        ("GET", "/connect.conf", 404),
        ("GET", "/../../etc/config.json", 404),
        ("POST", "/", 405),
        ("DELETE", "/config.json", 405),
        ("POST", "/config.json", 405),
    ],
)
async def test_nothing_else_is_given(
    http: aiohttp.ClientSession, method: str, path: str, status: int
) -> None:
    async with http.request(method, path, allow_redirects=False) as answer:
        assert answer.status == status
        assert "nginx/" not in answer.headers["server"]
        assert answer.headers.get("location", "/student/") == "/student/"


def test_a_page_whose_policy_would_break_the_configuration_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="build the web app first"):
        lines(tmp_path)
