"""All lints over what an overlay renders, which `python -m learnflow.manifests.lint` runs too."""

from collections.abc import Iterator
from pathlib import Path

from learnflow.manifests import lint_dapr, lint_kafka, lint_network, lint_pods, lint_sums
from learnflow.manifests.kustomize import KUSTOMIZATION, render
from learnflow.manifests.rules import Finding, Lint, Tree

OVERLAYS = Path("k8s/overlays")
LINTS: tuple[Lint, ...] = (
    *lint_pods.LINTS,
    *lint_dapr.LINTS,
    *lint_kafka.LINTS,
    *lint_sums.LINTS,
    *lint_network.LINTS,
)


def findings_in(tree: Tree) -> list[Finding]:
    """Every broken rule, in the order of the files."""
    found = [finding for lint in LINTS for finding in lint.check(tree)]
    return sorted(found, key=lambda finding: (str(finding.file), finding.lint))


def overlays(root: Path) -> Iterator[tuple[str, Tree]]:
    """Name and rendering of each overlay below `root`. Raises ManifestError."""
    for folder in sorted((root / OVERLAYS).glob("*/")):
        if (folder / KUSTOMIZATION).is_file():
            yield folder.name, Tree(render(root, folder))
