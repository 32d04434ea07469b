"""Only where KUBECONFIG is the testbed's and LearnFlow is on it; elsewhere all of these skip."""

import pytest

from tests.cluster import node


@pytest.fixture(scope="package", autouse=True)
def cluster() -> None:
    """A testbed with LearnFlow on it (`python -m tests.cluster images prepare up`)."""
    reason = node.missing()
    if reason is None and not node.items("ksvc"):
        reason = "no LearnFlow on the testbed: python -m tests.cluster up"
    if reason:
        pytest.skip(reason)
