"""Makes a real Kafka, a real daprd and Java's CloudEvents for tests/peers: `python -m tools.peers`.

From public packages (Maven's, and Go's for daprd) into a folder of the user's cache; what is there
already is kept, and what a tool is missing for is named and left out. Nothing is installed.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

FOLDER: Final = Path.home() / ".cache" / "learnflow-testbed"
KAFKAS: Final = ("4.1.1", "3.9.0")
DAPR: Final = "1.16.5"
CLOUDEVENTS: Final = "cloudevents-4.0.1"
NEEDS: Final = {
    **{f"kafka-{version}": ("java", "mvn") for version in KAFKAS},
    "daprd": ("go",),
    CLOUDEVENTS: ("java", "javac", "mvn"),
}
"""What can be made, and the programs that make and run it."""
_LOGGING: Final = ("org.slf4j:slf4j-simple:1.7.36",)
JARS: Final = {
    **{f"kafka-{version}": (f"org.apache.kafka:kafka_2.13:{version}",) for version in KAFKAS},
    # what Knative's Kafka data plane of the 1.22 line reads records with
    CLOUDEVENTS: (
        "io.cloudevents:cloudevents-kafka:4.0.1",
        "io.cloudevents:cloudevents-json-jackson:4.0.1",
    ),
}
"""The artifacts of the peers that are folders of jars."""
_POM: Final = """\
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>learnflow</groupId><artifactId>peer</artifactId><version>1</version>
<packaging>pom</packaging><dependencies>
{}
</dependencies></project>
"""
_DEPENDENCY: Final = """\
<dependency><groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version></dependency>"""
_MAIN: Final = """\
package main

import (
	"github.com/dapr/components-contrib/nameresolution/mdns"
	"github.com/dapr/components-contrib/pubsub/kafka"
	"github.com/dapr/components-contrib/secretstores/local/file"
	"github.com/dapr/dapr/cmd/daprd/app"
	"github.com/dapr/dapr/pkg/components/nameresolution"
	"github.com/dapr/dapr/pkg/components/pubsub"
	"github.com/dapr/dapr/pkg/components/secretstores"
)

func main() {
	pubsub.DefaultRegistry.RegisterComponent(kafka.NewKafka, "kafka")
	secretstores.DefaultRegistry.RegisterComponent(file.NewLocalSecretStore, "local.file")
	nameresolution.DefaultRegistry.RegisterComponent(mdns.NewResolver, "mdns")
	app.Run()
}
"""
_LOCAL: Final = "./"


def place(peer: str, folder: Path = FOLDER) -> Path:
    """Where a peer lies: a folder of jars, or a program."""
    return folder / "bin" / peer if peer == "daprd" else folder / peer


def absent(peer: str, folder: Path = FOLDER) -> str | None:
    """Why a peer cannot be used here, as a sentence with the remedy; None when it can."""
    if not place(peer, folder).exists():
        tools = " and ".join(NEEDS[peer])
        return f"There is no {peer} in {folder}: python -m tools.peers makes it with {tools}."
    if peer in JARS:
        for tool in NEEDS[peer]:
            if tool != "mvn" and shutil.which(tool) is None:
                return f"{peer} needs {tool} of a JDK 17 or newer on PATH."
    return None


def could_make(peer: str) -> bool:
    """Whether this machine has what makes the peer."""
    return all(shutil.which(tool) for tool in NEEDS[peer])


def make(peer: str, folder: Path = FOLDER) -> None:
    """Make a peer, beside its place first: half a peer is never found."""
    folder.mkdir(parents=True, exist_ok=True)
    work = folder / "src" / f"peer-{peer}"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    made = _jars(work, JARS[peer]) if peer in JARS else _daprd(work)
    target = place(peer, folder)
    target.parent.mkdir(exist_ok=True)
    made.rename(target)
    _remove(work)


def _jars(work: Path, artifacts: Sequence[str]) -> Path:
    dependencies = [_DEPENDENCY.format(*one.split(":")) for one in (*artifacts, *_LOGGING)]
    (work / "pom.xml").write_text(_POM.format("\n".join(dependencies)), "utf-8")
    goal = ("dependency:copy-dependencies", "-DincludeScope=runtime", "-DoutputDirectory=libs")
    subprocess.run(["mvn", "-q", "-B", *goal], cwd=work, check=True)
    return work / "libs"


def _daprd(work: Path) -> Path:
    """Dapr's own sources with the components that are used here, and no others."""
    asked = ["go", "mod", "download", "-json", f"github.com/dapr/dapr@v{DAPR}"]
    found = subprocess.run(asked, cwd=work, check=True, stdout=subprocess.PIPE, text=True).stdout
    upstream = work / "upstream"
    shutil.copytree(json.loads(found)["Dir"], upstream, copy_function=shutil.copyfile)
    _writable(upstream)
    # daprd refuses to build with components picked by hand; this package stands in for that guard
    guard = upstream / "cmd" / "daprd" / "components" / "zz_notag.go"
    guard.write_text("package components\n", "utf-8")
    own = (upstream / "go.mod").read_text("utf-8")
    blocks = re.findall(r"^replace \((.*?)^\)", own, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines() if "=>" in line]
    kept = [line for line in lines if _LOCAL not in line and not line.strip().startswith("//")]
    language = re.search(r"^go (\S+)", own, re.MULTILINE)
    head = ["module learnflowdaprd", f"go {language[1] if language else '1.24'}"]
    needs = [f"require github.com/dapr/dapr v{DAPR}", "replace ("]
    own_copy = "github.com/dapr/dapr => ./upstream"
    (work / "go.mod").write_text("\n".join([*head, *needs, own_copy, *kept, ")", ""]), "utf-8")
    (work / "main.go").write_text(_MAIN, "utf-8")
    flags = f"-s -w -X github.com/dapr/dapr/pkg/buildinfo.version={DAPR}"
    build = ["go", "build", "-mod=mod", "-trimpath", "-ldflags", flags, "-o", "daprd", "."]
    subprocess.run(["env", "CGO_ENABLED=0", *build], cwd=work, check=True)
    return work / "daprd"


def _writable(folder: Path) -> None:
    for one in (folder, *folder.rglob("*")):
        one.chmod(one.stat().st_mode | 0o200)


def _remove(folder: Path) -> None:
    _writable(folder)
    shutil.rmtree(folder)


def main(making: Callable[[str, Path], None] = make) -> int:
    """Make what is asked for and missing; 1 when something of it still is."""
    parser = argparse.ArgumentParser(prog="python -m tools.peers", description=__doc__)
    parser.add_argument("peers", nargs="*", help=f"of {', '.join(NEEDS)}; all of them when none")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where they go")
    given = parser.parse_args()
    if unknown := [peer for peer in given.peers if peer not in NEEDS]:
        parser.error(f"there is no peer {unknown[0]}: name some of {', '.join(NEEDS)}")
    left = 0
    for peer in given.peers or NEEDS:
        began = time.monotonic()
        if place(peer, given.folder).exists():
            print(f"{peer}: there already")
        elif not could_make(peer):
            missing = [tool for tool in NEEDS[peer] if shutil.which(tool) is None]
            print(f"{peer}: left out, {' and '.join(missing)} is not on PATH")
            left = 1
        else:
            making(peer, given.folder)
            print(f"{peer}: made in {time.monotonic() - began:.0f} s", flush=True)
    return left


if __name__ == "__main__":
    sys.exit(main())
