"""`learnflow cluster` whole on the node: down, up again after a failure, demo, status, replay.

In this order: what the demonstration finds is of a system that holds nothing yet.
"""

import pytest

from tests.cluster import node
from tests.cluster.acting import acting
from tests.cluster.deploy import OVERLAY, image_tags
from tests.cluster.rolling import rolled
from tests.cluster.whole import held, learnflow, left, quiet

MATCHING = "match-student-on-student-registered"
TELLING = "notify-student-on-tutor-matched"


@pytest.mark.timeout(900)
async def test_down_leaves_nothing_and_up_mends_what_a_failure_left_half_applied() -> None:
    async with acting():
        code, _ = await learnflow("down", "--overlay", str(OVERLAY), "--yes")
        assert code == 0
        assert await left() == []
        command = ("up", "--overlay", str(OVERLAY), "--skip-operators", "--skip-room")
        with pytest.raises(node.Refused, match="image"):
            await learnflow(*command, "--image-tag", "nowhere", "--timeout", "60")
        code, said = await learnflow(*command, "--image-tag", image_tags(), "--timeout", "300")
        assert code == 0
        assert len(said["urls"]) == 16
        code, found = await learnflow("status")
        assert (code, found["fine"]) == (0, True)


@pytest.mark.timeout(900)
async def test_the_demonstration_loses_nobody_and_tells_nobody_twice() -> None:
    async with acting():
        code, found = await learnflow("demo", "--ingress", node.EXTERNAL)
    counts = ("students", "notified", "refused", "lost", "duplicated", "over_capacity")
    assert [found[each] for each in counts] == [256, 256, 0, 0, 0, 0]
    assert (found["matched"], found["waiting"], found["mismatched"]) == (250, 6, 0)
    assert code == 0


@pytest.mark.timeout(300)
async def test_the_status_tells_functions_servers_lag_and_dead_letters() -> None:
    async with acting():
        found = await quiet()
    assert found["code"] == 0
    assert found["fine"]
    assert len(found["functions"]) == 21
    assert all(each["ready"] for each in found["functions"])
    assert {each["lag"] for each in found["sources"]} == {0}
    assert found["dead_letters"] == 0
    assert found["unknown"] == ""


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("source", "least"), [(MATCHING, 256), (TELLING, 250)])
async def test_a_replay_delivers_all_once_more_and_changes_nothing(source: str, least: int) -> None:
    """`least` is what the demonstration alone says: 256 register, 250 are matched."""
    async with acting() as carrier:
        await quiet()
        before = await held()
        code, said = await learnflow("replay", source)
        assert (code, said["through"], said["ended"]) == (0, True, 1)
        assert await held() == before
        if carrier is not None:
            assert carrier.replayed[said["replay"]] >= least


@pytest.mark.timeout(900)
async def test_relays_are_replaced_while_students_register_and_nothing_is_lost() -> None:
    found = await rolled()
    assert found.replaced
    assert found.told == {1: found.students}
    assert found.unpublished == 0
