"""A real PgBouncer with the manifest's settings, between a test's Postgres and its clients."""

import configparser
import os
import pwd
import re
import shutil
import signal
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import asyncpg
import yaml

from tests.eventually import eventually
from tests.peers.broker import spawn
from tests.ports import free_port
from tests.postgres import Databases

MANIFEST: Final = (
    Path(__file__).parents[2] / "k8s" / "components" / "postgres" / "students-db-pooler.yaml"
)
GIVEN: Final = "LEARNFLOW_PGBOUNCER"
"""Programs beyond the one on PATH, as PATH lists folders."""
KEEPS_STATEMENTS: Final = (1, 21)
"""The first version that keeps prepared statements in transaction mode."""
PASSWORD: Final = "of-the-test"
NOBODY: Final = "nobody"


def programs() -> list[str]:
    """Every PgBouncer there is here."""
    given = os.environ.get(GIVEN, "").split(os.pathsep)
    found = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    return [str(Path(one).resolve()) for one in [*given, found] if one]


@cache
def version(program: str) -> tuple[int, int]:
    """1.18.0 is (1, 18)."""
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    found = re.search(r"PgBouncer (\d+)\.(\d+)", said.stdout)
    assert found is not None, said.stdout
    return int(found[1]), int(found[2])


def shipped() -> dict[str, str]:
    """The settings that the manifest gives a pooler."""
    documents: list[dict[str, Any]] = list(yaml.safe_load_all(MANIFEST.read_text()))
    (text,) = [one["data"]["pgbouncer.ini"] for one in documents if one["kind"] == "ConfigMap"]
    parser = configparser.ConfigParser()
    parser.read_string(text)
    return dict(parser["pgbouncer"])


class Pooler:
    """One PgBouncer; `roles` are those it lets in."""

    def __init__(
        self,
        program: str,
        folder: Path,
        server: Databases,
        *,
        roles: tuple[str, ...] = ("students_app",),
        settings: Mapping[str, str | None] = {},
    ) -> None:
        self.program, self._folder, self._server = program, folder, server
        self.port = free_port()
        folder.mkdir(parents=True)
        query = parse_qs(urlsplit(server.admin).query)
        self._place = f"host={query['host'][0]} port={query['port'][0]}"
        self._file = folder / "pgbouncer.ini"
        chosen = {
            **shipped(),
            **{"listen_addr": "127.0.0.1", "listen_port": str(self.port)},
            "auth_file": str(folder / "userlist.txt"),
            **settings,
        }
        lines = [f"{key} = {value}" for key, value in chosen.items() if value is not None]
        (folder / "userlist.txt").write_text("".join(f'"{r}" "{PASSWORD}"\n' for r in roles))
        self._file.write_text("\n".join(["[pgbouncer]", *lines, "[databases]", ""]))
        self.lead_to(server.name("students"))
        self._process: subprocess.Popen[bytes] | None = None

    def lead_to(self, database: str) -> None:
        """Let it lead to one more database, once it starts."""
        with self._file.open("a") as file:
            file.write(f"{database} = {self._place}\n")

    def dsn(self, role: str = "students_app", database: str | None = None) -> str:
        """An address through the pooler."""
        name = database or self._server.name("students")
        return f"postgresql://{role}:{PASSWORD}@127.0.0.1:{self.port}/{name}"

    async def start(self) -> None:
        """Start it; returns when it answers, fails with its words when it ends."""
        command = [self.program, str(self._file)]
        if os.geteuid() == 0:  # it refuses to be root; the tests' Postgres is not root either
            uid = pwd.getpwnam(NOBODY).pw_uid
            for one in (self._folder, *self._folder.iterdir()):
                os.chown(one, uid, -1)
            command[1:1] = ["-u", NOBODY]
        self._process = spawn(command, self._folder / "pgbouncer.log")
        await eventually(self._answers, 10, 0.05, "PgBouncer does not start")

    async def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log()
        try:
            connection = await asyncpg.connect(self.dsn(), statement_cache_size=0, timeout=2)
        except (OSError, asyncpg.PostgresError):
            return False
        await connection.close()
        return True

    def log(self) -> str:
        """Its last words."""
        return (self._folder / "pgbouncer.log").read_text(errors="replace")[-2000:]

    def close(self) -> None:
        """End it."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
