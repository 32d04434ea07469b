"""Resolve every dependency anew and write the pins into pyproject.toml.

The lock of this repository is two lists under [tool.uv]: `constraint-dependencies` pins every
package of the project, with its markers, and `build-constraint-dependencies` those that build it.
They name versions and no registry, which uv.lock would; uv reads them on every resolution, so a
fresh clone installs exactly these versions. Run it as `make lock`.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

PROJECT: Final = "constraint-dependencies"
BUILD: Final = "build-constraint-dependencies"


def pins(export: str) -> list[str]:
    """The `name==version ; marker` lines of uv's export, without extras, sorted and unique."""
    lines = (line.strip() for line in export.splitlines())
    wanted = (line for line in lines if "==" in line and not line.startswith(("#", "-")))
    return sorted({re.sub(r"^([A-Za-z0-9._-]+)\[[^\]]*\]", r"\1", line) for line in wanted})


def with_list(text: str, key: str, values: Iterable[str]) -> str:
    """`text` of a pyproject.toml in which the list `key` holds exactly `values`.

    Raises ValueError when there is no such list.
    """
    items = "".join(f"  {_quoted(value)},\n" for value in values)
    body = f"[\n{items}]" if items else "[]"
    pattern = re.compile(rf"^{re.escape(key)} = \[(?:\]|\n.*?^\])", re.MULTILINE | re.DOTALL)
    new, count = pattern.subn(lambda _: f"{key} = {body}", text)
    if count != 1:
        raise ValueError(f"pyproject.toml has no list {key} under [tool.uv]")
    return new


def _quoted(value: str) -> str:
    """A TOML string; markers hold single quotes, so double ones never need an escape."""
    if '"' in value or "\\" in value:
        raise ValueError(f"cannot write {value!r} as a plain TOML string")
    return f'"{value}"'


def _uv(uv: str, arguments: Sequence[str], folder: Path) -> str:
    command = [uv, "--quiet", *arguments]
    return subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, text=True).stdout


def _resolve_project(uv: str, text: str) -> list[str]:
    """Resolve in a copy without pins, so that nothing old holds anything back."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        unpinned = with_list(with_list(text, PROJECT, []), BUILD, [])
        (folder / "pyproject.toml").write_text(unpinned, encoding="utf-8")
        (folder / "README.md").touch()
        export = ["export", "--all-groups", "--no-hashes", "--no-emit-project", "--no-annotate"]
        return pins(_uv(uv, [*export, "--no-header", "--format", "requirements.txt"], folder))


def _resolve_build(uv: str, text: str) -> list[str]:
    requires = tomllib.loads(text)["build-system"]["requires"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "build.in").write_text("\n".join(requires) + "\n", encoding="utf-8")
        options = ["--universal", "--python-version", "3.11", "--no-annotate", "--no-header"]
        return pins(_uv(uv, ["pip", "compile", *options, "build.in"], folder))


def main() -> int:
    """Write the pins; say how many changed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--uv", default="uv", help="the uv to resolve with")
    path = Path(__file__).resolve().parent.parent / "pyproject.toml"
    before = path.read_text(encoding="utf-8")
    name = str(parser.parse_args().uv)
    uv = str(Path(shutil.which(name) or name).absolute())
    try:
        project, build = _resolve_project(uv, before), _resolve_build(uv, before)
        after = with_list(with_list(before, PROJECT, project), BUILD, build)
    except (subprocess.CalledProcessError, ValueError, OSError) as error:
        print(f"tools/lock.py: {error}; pyproject.toml is unchanged.", file=sys.stderr)
        return 1
    path.write_text(after, encoding="utf-8")
    old = tomllib.loads(before)["tool"]["uv"]
    changed = {*project, *build} ^ {*old[PROJECT], *old[BUILD]}
    print(
        f"{len(project)} packages and {len(build)} build packages pinned, {len(changed)} changed."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
