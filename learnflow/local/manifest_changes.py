"""A manifest was saved: what does it change, and does it hold at once or from the next start?"""

from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, Final

from learnflow.local.bounds import here
from learnflow.local.pool import Pool
from learnflow.local.progress import Tell
from learnflow.manifests import ManifestError, System, read_system

_AT_ONCE: Final = frozenset(
    {"scale", "concurrency", "timeout", "response_start_timeout", "env", "secret_env"}
)
"""What new instances of a function take up; everything else is wired at the start."""
_SILENT: Final = frozenset({"name", "file"})


@dataclass(frozen=True, slots=True)
class Difference:
    """One resource of one kind that is not as it was; `changed` are its fields, with old and new
    value, or nothing when it came or went."""

    kind: str
    name: str
    file: Path
    what: str
    changed: frozenset[str] = frozenset()

    @property
    def said(self) -> str:
        """File, name and what is not as it was."""
        return f"{self.file}: {self.name}: {self.what}"


def differences(old: System, new: System) -> Iterator[Difference]:
    """Resource by resource, in the order of their kinds."""
    for kind in ("functions", "sources", "sinks", "topics"):
        before, after = getattr(old, kind), getattr(new, kind)
        for name in sorted(before.keys() | after.keys()):
            one, other = before.get(name), after.get(name)
            if one is None or other is None:
                what = "is new" if one is None else "is gone"
                yield Difference(kind, name, (one or other).file, what)
            elif one != other:
                yield _difference(kind, name, one, other)


def _difference(kind: str, name: str, one: Any, other: Any) -> Difference:
    changed = {
        each.name
        for each in fields(one)
        if each.name not in _SILENT and getattr(one, each.name) != getattr(other, each.name)
    }
    said = [
        text
        for each in sorted(changed)
        for text in _values(each, getattr(one, each), getattr(other, each))
    ]
    return Difference(kind, name, other.file, ", ".join(said), frozenset(changed))


def _values(name: str, one: Any, other: Any) -> Iterator[str]:
    if is_dataclass(one) and is_dataclass(other):
        one, other = asdict(one), asdict(other)  # type: ignore[arg-type]
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys()):
            if one.get(key) != other.get(key):
                yield f"{name}.{key} {one.get(key)} → {other.get(key)}"
    else:
        yield f"{name} {one} → {other}"


class ManifestChanges:
    """Tells what saved manifests change, and lets functions take up what they can at once."""

    def __init__(
        self, root: Path, running: System, pool: Pool, say: Tell, left: Collection[str] = ()
    ) -> None:
        """`running` is what the manifests said when `pool` was made of them."""
        self._root, self._running, self._pool = root, running, pool
        self._say, self._left = say, left
        self._wrong = ""
        self._waiting: frozenset[str] = frozenset()

    def saved(self) -> None:
        """Some manifests were saved."""
        try:
            new = read_system(self._root)
        except ManifestError as error:
            if str(error) != self._wrong:
                self._wrong = str(error)
                self._say("runner", "warn", f"{error} What runs stays as it is.")
            return
        for warning in sorted(set(new.warnings) - set(self._running.warnings)):
            self._say("runner", "warn", warning)
        found = list(differences(self._running, new))
        late = frozenset(one.said for one in found if not self._takes_up(one, new))
        for what in sorted(late - self._waiting):
            self._say("runner", "warn", f"{what}: restart `up` to apply it")
        if (self._waiting and not late) or (self._wrong and not found):
            self._say("runner", "done", "the manifests say again what runs")
        self._wrong, self._waiting = "", late
        taken = {one.name: new.functions[one.name] for one in found if self._is_simple(one)}
        functions = {**self._running.functions, **taken}
        self._running = replace(self._running, functions=functions, warnings=new.warnings)

    def _is_simple(self, found: Difference) -> bool:
        simple = found.kind == "functions" and bool(found.changed) and found.changed <= _AT_ONCE
        return simple and found.name in self._pool.revisions and found.name not in self._left

    def _takes_up(self, found: Difference, new: System) -> bool:
        if not self._is_simple(found):
            return False
        self._pool.revisions[found.name].renew(here(new.functions[found.name]))
        self._say(found.name, "done", f"{found.said}: in force")
        return True
