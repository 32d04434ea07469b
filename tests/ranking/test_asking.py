"""Without a daprd nobody is asked; matching goes on with the index that it has."""

from learnflow.ranking import asking
from tests.ports import free_port


async def test_without_dapr_or_with_an_absent_one_nobody_is_asked() -> None:
    assert await asking.tutors(None, "mathematics", 7) == []
    assert await asking.tutors(free_port(), "mathematics", 7) == []
