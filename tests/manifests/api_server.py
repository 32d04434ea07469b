"""A real Kubernetes API server with our custom resources' types, without any node."""

import asyncio
import json
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.eventually import eventually
from tests.manifests.trees import CRDS, ROOT
from tests.peers.broker import spawn
from tests.ports import free_port

PROGRAMS = Path.home() / ".cache" / "learnflow-testbed" / "bin"
TOKEN = "only-for-this-test"


def absent() -> str | None:
    """Why there is none here."""
    for name in ("etcd", "hyperkube", "kubectl"):
        if not (PROGRAMS / name).exists():
            return f"There is no {name} in {PROGRAMS}."
    return None if (ROOT / CRDS).is_dir() else f"{CRDS} is not beside the clone."


class ApiServer:
    """One API server; `apply` asks it what it would do."""

    def __init__(self, port: int) -> None:
        self.url = f"https://127.0.0.1:{port}"

    def apply(self, documents: list[dict[str, Any]], *, really: bool = False) -> str:
        """What kubectl says of these resources; a refusal is part of it."""
        command = [
            *(str(PROGRAMS / "kubectl"), "--kubeconfig=/dev/null", f"--server={self.url}"),
            *("--insecure-skip-tls-verify", f"--token={TOKEN}", "apply", "--server-side"),
            *("--validate=strict", "--field-manager=tests", "-f", "-"),
            *([] if really else ["--dry-run=server"]),
        ]
        text = yaml.dump_all(documents, Dumper=yaml.CSafeDumper)
        done = subprocess.run(command, input=text, text=True, capture_output=True, timeout=90)
        return done.stdout + done.stderr

    def ready(self) -> bool:
        """Whether it serves."""
        headers = {"Authorization": f"Bearer {TOKEN}"}
        try:
            return httpx.get(f"{self.url}/readyz", headers=headers, verify=False).is_success
        except httpx.HTTPError:
            return False


@contextmanager
def serving(folder: Path) -> Iterator[ApiServer]:
    """An API server with an etcd of its own, both ended with the block."""
    store, peer, port = free_port(), free_port(), free_port()
    (folder / "tokens.csv").write_text(f'{TOKEN},admin,admin,"system:masters"\n')
    key = folder / "sa.key"
    subprocess.run(["openssl", "genrsa", "-out", key, "2048"], check=True, capture_output=True)
    kept, peers = f"http://127.0.0.1:{store}", f"http://127.0.0.1:{peer}"
    etcd = [
        *(str(PROGRAMS / "etcd"), "--data-dir", str(folder / "etcd"), "--unsafe-no-fsync=true"),
        *("--listen-client-urls", kept, "--advertise-client-urls", kept),
        *("--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers),
        *("--initial-cluster", f"default={peers}"),
    ]
    api = [
        *(str(PROGRAMS / "hyperkube"), "kube-apiserver", f"--etcd-servers={kept}"),
        *("--bind-address=127.0.0.1", f"--secure-port={port}", f"--cert-dir={folder / 'certs'}"),
        *(f"--token-auth-file={folder / 'tokens.csv'}", "--authorization-mode=AlwaysAllow"),
        *(f"--service-account-key-file={key}", f"--service-account-signing-key-file={key}"),
        *("--service-account-issuer=https://tests", "--service-cluster-ip-range=10.97.0.0/16"),
    ]
    with ExitStack() as running:
        for name, command in (("etcd", etcd), ("api", api)):
            process = spawn(command, folder / f"{name}.log")
            running.callback(process.wait, 20)
            running.callback(process.terminate)
        server = ApiServer(port)
        asyncio.run(eventually(server.ready, 60, 0.1, "the API server does not answer"))
        yield server


def types() -> list[dict[str, Any]]:
    """The pinned CustomResourceDefinitions, without webhooks that nobody answers."""
    found = []
    for file in sorted((ROOT / CRDS).glob("*.yaml")):
        for crd in yaml.load_all(file.read_bytes(), yaml.CSafeLoader):
            if crd and crd["kind"] == "CustomResourceDefinition":
                crd["spec"]["conversion"] = {"strategy": "None"}
                found.append(json.loads(json.dumps(crd, default=str)))
    return found
