"""The adapter: functions say what happens, this package does everything else.

Nothing but this package knows HTTP, CloudEvents or transactions. `decorators` is how a function is
declared, `answering` what happens to one request, `app` and `serve` how our own host runs it.
"""

from learnflow.runtime.answers import Changed, Created, Done, Found
from learnflow.runtime.decorators import command, query, reaction, stream
from learnflow.runtime.fields import Wish
from learnflow.runtime.problems import NotFound, Refused, StaleVersion, UnknownId
from learnflow.runtime.streams import Feed, Note, Reader, Rows

__all__ = [
    "Changed",
    "Created",
    "Done",
    "Feed",
    "Found",
    "NotFound",
    "Note",
    "Reader",
    "Refused",
    "Rows",
    "StaleVersion",
    "UnknownId",
    "Wish",
    "command",
    "query",
    "reaction",
    "stream",
]
