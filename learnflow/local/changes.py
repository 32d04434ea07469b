"""What does a batch of saved files concern? Functions, libraries, manifests, or nobody here."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

WATCHED: Final = ("functions", "db", "eventing", "learnflow", "k8s/base")
_NOT_SERVED: Final = (("learnflow", "cli"), ("learnflow", "demo"))
"""Parts that no function ever runs."""
_TEXTS: Final = frozenset({".md", ".json"})
_MIGRATED: Final = frozenset({"migrations", "messaging"})


@dataclass(slots=True)
class Changes:
    """The files of one batch by what they concern; `functions` are folders."""

    functions: set[str] = field(default_factory=set)
    library: list[Path] = field(default_factory=list)
    runner: list[Path] = field(default_factory=list)
    manifests: list[Path] = field(default_factory=list)
    migrations: list[Path] = field(default_factory=list)


def changes_in(paths: Iterable[Path], run: Iterable[str] | None = None) -> Changes:
    """Sort paths, relative to the root; `run` names the modules that the runner has loaded."""
    loaded = frozenset(sys.modules if run is None else run)
    found = Changes()
    for path in sorted(paths):
        parts = path.parts
        if parts[0] == "functions":
            if len(parts) > 2 or not path.suffix:
                found.functions.update(parts[1:2])
        elif path.suffix in (".yaml", ".yml"):
            if parts[0] in ("k8s", "eventing"):
                found.manifests.append(path)
        elif parts[0] == "db" and _MIGRATED & set(parts):
            found.migrations.append(path)
        elif parts[0] != "k8s" and path.suffix not in _TEXTS:
            if module_of(path) in loaded:
                found.runner.append(path)
            if parts[:2] not in _NOT_SERVED:
                found.library.append(path)
    return found


def module_of(path: Path) -> str:
    """The name under which Python imports a file of the repository."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
