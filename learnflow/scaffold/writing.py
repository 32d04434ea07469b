"""Puts changes into place: all of them, or none."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from learnflow.scaffold.staging import CannotGenerate, Change


def write(changes: Sequence[Change], root: Path) -> None:
    """Write every change below `root`. A failure leaves all as it was. Raises CannotGenerate."""
    for change in changes:
        if _now(root / change.path) != change.before:
            raise CannotGenerate(
                f"{change.path} was changed meanwhile.", "run the same again: nothing was written"
            )
    made: list[Path] = []
    done: list[Change] = []
    try:
        for change in changes:
            done.append(change)
            made += _folders(root / change.path)
            _put(root / change.path, change.after)
    except BaseException as error:
        for change in reversed(done):
            _restore(root / change.path, change.before)
        for folder in reversed(made):
            with suppress(OSError):
                folder.rmdir()
        if not isinstance(error, OSError):
            raise
        what = f"{done[-1].path} cannot be written: {error.strerror}."
        fix = "nothing was written; mend that and run the same again"
        raise CannotGenerate(what, fix) from None


def _now(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None


def _folders(file: Path) -> list[Path]:
    """Make the folders above a file; those that were not there, outermost first."""
    missing = [folder for folder in file.parents if not folder.exists()][::-1]
    for folder in missing:
        folder.mkdir()
    return missing


def _put(file: Path, text: bytes) -> None:
    part = file.with_name(f".{file.name}.part")
    try:
        part.write_bytes(text)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def _restore(file: Path, before: bytes | None) -> None:
    with suppress(OSError):
        if before is None:
            file.unlink(missing_ok=True)
        elif _now(file) != before:
            _put(file, before)
