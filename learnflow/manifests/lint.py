"""All lints over the manifests: `python -m learnflow.manifests.lint [ROOT]`."""

import sys
from collections.abc import Sequence
from pathlib import Path

from learnflow.manifests import (
    lint_containers,
    lint_jobs,
    lint_messaging,
    lint_rendered,
    lint_services,
    lint_tree,
)
from learnflow.manifests.model import ManifestError
from learnflow.manifests.read import read_documents
from learnflow.manifests.rules import Finding, Lint, Tree

# What cannot be read is not looked at further: the others rely on it.
READABLE = lint_tree.readable
LINTS: tuple[Lint, ...] = (
    *lint_tree.LINTS,
    *lint_services.LINTS,
    *lint_containers.LINTS,
    *lint_jobs.LINTS,
    *lint_messaging.LINTS,
)


def findings_in(tree: Tree) -> list[Finding]:
    """Every broken rule, in the order of the files."""
    found = list(READABLE.check(tree))
    if not found:
        found = [finding for lint in LINTS for finding in lint.check(tree)]
    return sorted(found, key=lambda finding: (str(finding.file), finding.lint))


def main(arguments: Sequence[str]) -> int:
    """Prints the findings, in the manifests and in each overlay; the exit code is 1 if any."""
    root = Path(arguments[0]) if arguments else Path.cwd()
    try:
        tree = Tree(read_documents(root))
        found = findings_in(tree)
        overlays = dict(lint_rendered.overlays(root))
    except ManifestError as error:
        print(error)
        return 1
    for finding in found:
        print(finding)
    for name, rendered in overlays.items():
        more = lint_rendered.findings_in(rendered)
        found += more
        for finding in more:
            print(f"{name}: {finding}")
        print(f"{name}: {len(rendered.documents)} documents, {len(lint_rendered.LINTS)} lints")
    print(f"{len(tree.documents)} manifests, {len(LINTS) + 1} lints, {len(found)} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
