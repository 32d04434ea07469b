"""Where does the next page of a list begin? After a row, named by its keyset: a moment and an id.

A list is ordered newest first, then by id. Its query asks for one row more than fits, with

    WHERE made_at <= coalesce($moment, 'infinity')
      AND (made_at < coalesce($moment, 'infinity') OR id > $id)
    ORDER BY made_at DESC, id LIMIT $limit + 1

which an index on (made_at DESC, id) answers wherever the page begins. Rows that come or go between
two pages shift nothing.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, TypeVar

from pydantic import Field, PlainValidator

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_KEY: Final = re.compile(rb"(0|[1-9][0-9]{0,17})\.([A-Za-z0-9_-]{1,64})")
MAX_CURSOR: Final = 112
"""18 digits, a dot and 64 characters, in base64."""
_UNREADABLE: Final = "this is no cursor of ours; take `next` of the page before, or none to begin"

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Place:
    """The row that a page begins after: when it was made, and its id."""

    moment: datetime
    id: str

    def __str__(self) -> str:
        """The cursor: url-safe, and nothing to be read by people."""
        microseconds = (self.moment - _EPOCH) // _MICROSECOND
        return urlsafe_b64encode(f"{microseconds}.{self.id}".encode()).decode().rstrip("=")


def place_of(cursor: object) -> Place:
    """The place that a cursor names. Raises ValueError for any text we would not have written."""
    if not isinstance(cursor, str) or len(cursor) > MAX_CURSOR or not cursor.isascii():
        raise ValueError(_UNREADABLE)
    try:
        key = _KEY.fullmatch(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if key is None:
            raise ValueError(_UNREADABLE)
        place = Place(_EPOCH + int(key[1]) * _MICROSECOND, key[2].decode())
    except (ValueError, OverflowError):  # no base64, or later than any moment
        raise ValueError(_UNREADABLE) from None
    if str(place) != cursor:
        raise ValueError(_UNREADABLE)
    return place


Cursor = Annotated[
    Place,
    PlainValidator(
        place_of,
        json_schema_input_type=Annotated[
            str,
            Field(
                description="`next` of the page before, as it is; any other text is refused.",
                min_length=1,
                max_length=MAX_CURSOR,
                pattern=r"^[A-Za-z0-9_-]+$",
                json_schema_extra={"format": "cursor"},
            ),
        ],
    ),
]
"""A field of a list's wish: where its page begins."""


def page(
    rows: Sequence[Row], limit: int, place: Callable[[Row], Place]
) -> tuple[Sequence[Row], str | None]:
    """The rows that fit, and the cursor of the next page; None when `rows` are no more than fit."""
    if len(rows) <= limit:
        return rows, None
    return rows[:limit], str(place(rows[limit - 1]))
