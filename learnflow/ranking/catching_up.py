"""An index that is empty or behind hears of tutors from list_tutors, before anybody waits in vain.

Where nobody is found who could take a student, tutors_db is asked through Dapr. What it tells is
heard as a tutor's own events are: newer versions win, and those who wait are woken.
"""

from time import monotonic
from typing import Final
from weakref import WeakKeyDictionary

from db.matching import store
from db.unit_of_work import Database, Unit
from learnflow.ranking import asking

PAUSE_SECONDS: Final = 60.0
"""How long an answer stands for one subject and grade: nobody teaching it is no reason to hurry."""
_asked: Final[WeakKeyDictionary[Database, dict[tuple[str, int], float]]] = WeakKeyDictionary()


async def candidates(work: Unit, wish: store.Asking, port: int | None) -> list[store.Offer]:
    """Who could take this student now; `port` is daprd's, None asks nobody else.

    Outside any transaction: waking list_tutors takes seconds.
    """
    found = await store.candidates(work, wish)
    if found or port is None or not _due(work.database, wish):
        return found
    heard = await asking.tutors(port, wish.subject, wish.grade)
    for tutor in heard:
        async with work.database.unit(work.traceparent) as one:
            for wake in await store.hear_tutor(one, tutor):
                one.say(wake.fact())
            await one.commit()
    return await store.candidates(work, wish) if heard else found


def _due(database: Database, wish: store.Asking) -> bool:
    asked = _asked.setdefault(database, {})
    place, now = (wish.subject, wish.grade), monotonic()
    if now < asked.get(place, 0.0):
        return False
    asked[place] = now + PAUSE_SECONDS
    return True
