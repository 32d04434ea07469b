"""Which file of the built web app is at a path? All of them in memory, read anew after a build.

Only what the folder held when it was read can be asked for: a path is looked up, never opened.
"""

import asyncio
import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from learnflow.local.content_policy import policy

BUILT: Final = ".built"
"""Written last by a build, so that a folder is never read half way through one."""
_LOOK_SECONDS: Final = 1.0
_QUIET_SECONDS: Final = 2.0
"""Without BUILT, a folder that did not change for so long is whole."""
_HASHED: Final = "/_next/static/"
_INDEX: Final = "index.html"
_CODINGS: Final = {".br": "br", ".gz": "gzip"}
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
    ".xml": "application/xml",
}


@dataclass(frozen=True, slots=True)
class File:
    """One file: its bytes by content coding, `identity` among them, and the headers it gets.

    `tag` names its content; each coding has an ETag of its own.
    """

    bodies: Mapping[str, bytes]
    tag: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def etag(self, coding: str) -> str:
        """The strong validator of one coding."""
        return f'"{self.tag}"' if coding == "identity" else f'"{self.tag}-{coding}"'


class StaticFiles:
    """The files of a folder by their path in a URL."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: Mapping[str, File] = {}
        self._before: Mapping[str, File] = {}
        self._stamp: object = None
        self._looked = float("-inf")
        self._reading = asyncio.Lock()

    async def find(self, path: str) -> File | None:
        """The file at a decoded path, `/student/` being its index; None: there is none.

        What pages of the build before ask for, hashed files, is still there.
        """
        await self._look()
        found = self._files.get(path)
        return found or (self._before.get(path) if path.startswith(_HASHED) else None)

    async def built(self) -> bool:
        """Whether there is a web app."""
        await self._look()
        return bool(self._files)

    async def _look(self) -> None:
        if time.monotonic() - self._looked < _LOOK_SECONDS:
            return
        async with self._reading:
            stamp = _stamp(self._folder)
            if stamp is not None and stamp != self._stamp:
                try:
                    files = await asyncio.to_thread(read, self._folder)
                except OSError:
                    return  # it is being built: what was read serves on
                self._before, self._files, self._stamp = self._files, files, stamp
            self._looked = time.monotonic()


def _stamp(folder: Path) -> object:
    """What differs after a build; None while one runs, or when there was none."""
    try:
        built = (folder / BUILT).stat()
        return built.st_mtime_ns, built.st_ino
    except OSError:
        pass
    try:
        times = folder.stat().st_mtime, (folder / _INDEX).stat().st_mtime
    except OSError:
        return None
    return times if time.time() - max(times) > _QUIET_SECONDS else None


def read(folder: Path) -> dict[str, File]:
    """Every file of a build by its path in a URL. Raises OSError."""
    found = {one.relative_to(folder).as_posix(): one for one in _regular(folder)}
    sheets = [file.read_text("utf-8") for file in found.values() if file.suffix == ".css"]
    files = {}
    for name, file in found.items():
        if file.suffix in _CODINGS and name.removesuffix(file.suffix) in found:
            continue
        bodies = {"identity": file.read_bytes()}
        for suffix, coding in _CODINGS.items():
            if (packed := found.get(name + suffix)) is not None:
                bodies[coding] = packed.read_bytes()
        files[_path(name)] = _file(_path(name), file.suffix, bodies, sheets)
    return files


def _regular(folder: Path) -> Iterator[Path]:
    """Plain files: no links, which could lead out of it, and nothing hidden."""
    for one in sorted(folder.iterdir()):
        if one.name.startswith(".") or one.is_symlink():
            continue
        if one.is_dir():
            yield from _regular(one)
        else:
            yield one


def _path(name: str) -> str:
    return "/" + (name.removesuffix(_INDEX) if f"/{name}".endswith(f"/{_INDEX}") else name)


def _file(path: str, suffix: str, bodies: Mapping[str, bytes], sheets: Sequence[str]) -> File:
    body = bodies["identity"]
    hashed = path.startswith(_HASHED)
    headers = {
        "Content-Type": _TYPES.get(suffix, "application/octet-stream"),
        "Cache-Control": "public, max-age=31536000, immutable" if hashed else "no-cache",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    if suffix == ".html":
        headers["Content-Security-Policy"] = policy(body.decode("utf-8", "replace"), sheets)
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
    return File(bodies, hashlib.sha256(body).hexdigest()[:24], headers)
