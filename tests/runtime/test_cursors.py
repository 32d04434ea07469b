"""A cursor says where a page begins, and no text that we did not write is taken for one."""

from base64 import urlsafe_b64encode
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from learnflow.runtime.cursors import MAX_CURSOR, Cursor, Place, page, place_of

MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC))
PLACES = st.builds(Place, MOMENTS, st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True))


class Listing(BaseModel):
    """A list's wish."""

    cursor: Cursor | None = None


def coded(key: str) -> str:
    """Any key, in the coding of a cursor."""
    return urlsafe_b64encode(key.encode()).decode().rstrip("=")


@given(PLACES)
def test_a_cursor_is_url_safe_and_read_as_the_place_it_was_made_of(place: Place) -> None:
    cursor = str(place)
    assert place_of(cursor) == place
    assert cursor.replace("-", "").replace("_", "").isalnum()
    assert len(cursor) <= MAX_CURSOR
    assert Listing.model_validate_strings({"cursor": cursor}).cursor == place


@given(st.text() | st.from_regex(r"[A-Za-z0-9_=-]{1,120}", fullmatch=True) | st.binary().map(str))
def test_any_other_text_is_refused_and_never_an_error(text: str) -> None:
    try:
        place = place_of(text)
    except ValueError:
        return
    assert str(place) == text


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "%00",
        "null",
        "٣٣",
        "MS5h\n",
        coded("1.a") + "=",
        coded("1.a") + "A",
        coded("-1.a"),
        coded("01.a"),
        coded("1."),
        coded("1.a b"),
        coded("1.a\n"),
        coded("1.\x00"),
        coded(f"{10**18}.a"),
        coded(f"{10**17 * 9}.a"),
        coded("1." + "a" * 65),
        "A" * 5000,
    ],
)
def test_a_forged_cursor_breaks_the_rule_of_its_field(cursor: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Listing.model_validate_strings({"cursor": cursor})
    (error,) = refused.value.errors()
    assert (error["type"], error["loc"]) == ("value_error", ("cursor",))


def test_the_contract_of_a_cursor_is_a_bounded_text() -> None:
    text, nothing = Listing.model_json_schema()["properties"]["cursor"]["anyOf"]
    assert (text["type"], text["maxLength"], nothing) == ("string", MAX_CURSOR, {"type": "null"})


@pytest.mark.parametrize(("rows", "fit", "more"), [(0, 0, False), (2, 2, False), (3, 2, True)])
def test_a_page_has_a_cursor_when_a_row_more_than_fits_was_found(
    rows: int, fit: int, more: bool
) -> None:
    places = [Place(datetime(2026, 11, day, tzinfo=UTC), "a") for day in range(1, rows + 1)]
    found, cursor = page(places, 2, lambda place: place)
    assert found == places[:fit]
    assert cursor == (str(places[1]) if more else None)
