"""Hears GET /api/students/{student_id}/events. Says nothing. Streams students_db: notifications."""

from db.notes import read_notes
from db.students import store
from learnflow.runtime import Feed, NotFound, Rows, Wish, stream
from learnflow.runtime.fields import ResourceId
from learnflow.views.notification import StudentNotification


class WatchStudent(Wish):
    """Whose notifications."""

    student_id: ResourceId


@stream(
    "GET /api/students/{student_id}/events",
    WatchStudent,
    database="students",
    shows=StudentNotification,
)
async def watch_student(wish: WatchStudent, feed: Feed) -> Rows:
    """What the student is told, as it happens and from where the reader left off."""
    if not await store.is_known(feed.work, wish.student_id):
        raise NotFound("student")
    return feed.rows(wish.student_id, read_notes)
