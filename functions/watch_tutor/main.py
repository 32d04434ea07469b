"""Hears GET /api/tutors/{tutor_id}/events. Says nothing. Streams tutors_db: notifications."""

from db.notes import read_notes
from db.tutors import store
from learnflow.runtime import Feed, NotFound, Rows, Wish, stream
from learnflow.runtime.fields import ResourceId
from learnflow.views.notification import TutorNotification


class WatchTutor(Wish):
    """Whose notifications."""

    tutor_id: ResourceId


@stream(
    "GET /api/tutors/{tutor_id}/events",
    WatchTutor,
    database="tutors",
    shows=TutorNotification,
)
async def watch_tutor(wish: WatchTutor, feed: Feed) -> Rows:
    """What the tutor is told, as it happens and from where the reader left off."""
    if not await store.is_known(feed.work, wish.tutor_id):
        raise NotFound("tutor")
    return feed.rows(wish.tutor_id, read_notes)
