"""What a stream promises, whether it comes as server-sent events or over a WebSocket."""

import asyncio
import socket
from typing import Any

import pytest

from learnflow.runtime import Refused
from learnflow.runtime.exchange import Exchange
from tests.eventually import eventually
from tests.runtime.watching import PATH, Book, Item, Served, Turned, Wire, listening, served

HOUR: dict[str, Any] = {"stream_heartbeat_seconds": 3600, "stream_poll_seconds": 3600}


@pytest.fixture(params=["events", "websocket"])
def wire(request: pytest.FixtureRequest) -> Wire:
    chosen: Wire = request.param
    return chosen


@pytest.fixture
def book() -> Book:
    return Book()


def numbers(items: list[Item]) -> list[int]:
    return [seq for seq, _, _ in items]


async def test_it_shows_what_is_there_and_then_what_comes(wire: Wire, book: Book) -> None:
    book.write(2, '{"tutor": "Émile \\u05d0", "quote": "\\"\\n"}')
    async with served(book.watched(), **HOUR) as one, listening(wire, one.url) as heard:
        said = {"tutor": "Émile א", "quote": '"\n'}
        assert await heard.items(2) == [(1, "matched", said), (2, "matched", said)]
        book.write(1)
        one.ring()
        assert await heard.items(1) == [(3, "matched", {})]


async def test_it_goes_on_after_what_was_seen(wire: Wire, book: Book) -> None:
    book.write(250)
    async with (
        served(book.watched()) as one,
        listening(wire, one.url, f"{PATH}?last_event_id=100") as by_address,
        listening(wire, one.url, headers={"Last-Event-ID": "101"}) as by_header,
    ):
        assert numbers(await by_address.items(150)) == list(range(101, 251))
        assert numbers(await by_header.items(1)) == [102]


async def test_cut_again_and_again_it_loses_nothing_and_repeats_nothing(
    wire: Wire, book: Book
) -> None:
    seen: list[int] = []
    async with served(book.watched(), **HOUR) as one:
        while len(seen) < 120:
            book.write(7)
            async with listening(wire, one.url, _after(seen)) as heard:
                seen += numbers(await heard.items(4))
                book.write(1)
                one.ring()
                seen += numbers(await heard.items(1))
    assert seen == list(range(1, len(seen) + 1))


async def test_over_a_restart_of_the_function_nothing_is_lost(wire: Wire, book: Book) -> None:
    book.write(3)
    port = _free_port()
    async with served(book.watched(), port=port, **HOUR) as old:
        async with listening(wire, old.url) as heard:
            seen = numbers(await heard.items(3))
            old.sigterm()
            assert await heard.end() == (1001 if wire == "websocket" else None)
        await old.ended()
    book.write(3)
    async with (
        served(book.watched(), port=port, **HOUR) as new,
        listening(wire, new.url, _after(seen)) as heard,
    ):
        assert numbers(await heard.items(3)) == [4, 5, 6]


async def test_it_ends_when_its_time_is_up(wire: Wire, book: Book) -> None:
    async with (
        served(book.watched(), stream_seconds=0.1) as one,
        listening(wire, one.url) as heard,
    ):
        assert await heard.end() == (1000 if wire == "websocket" else None)


async def test_a_slow_reader_holds_the_writer_back_and_gets_everything(
    wire: Wire, book: Book
) -> None:
    book.write(2_000, '{"long": "%s"}' % ("x" * 16_000))
    async with served(book.watched(), **HOUR) as one, listening(wire, one.url) as heard:
        await heard.items(1)
        taken = await eventually(_Unmoved(book))
        assert taken < 1_500  # of 32 MB; the rest waits in the database
        assert numbers(await heard.items(1_999)) == list(range(2, 2_001))


async def test_a_client_that_goes_frees_its_place_at_once(wire: Wire, book: Book) -> None:
    book.write(1)
    async with served(book.watched(), **HOUR) as one:
        async with listening(wire, one.url) as heard:
            await heard.items(1)
            assert one.app.instance.bell.watching == 1
        await eventually(lambda: one.app.instance.bell.watching == 0, seconds=1)


async def test_both_framings_count_against_one_limit(wire: Wire, book: Book) -> None:
    book.write(1)
    limits: dict[str, Any] = {"concurrency": 2, "overload_factor": 1}
    async with (
        served(book.watched(), **HOUR, **limits) as one,
        listening("events", one.url) as first,
        listening("websocket", one.url) as second,
    ):
        await asyncio.gather(first.items(1), second.items(1))
        refused = await _refused(wire, one)
    assert (refused.status, refused.headers["retry-after"]) == (503, "1")
    assert refused.problem["detail"] == "too many streams are open here"


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/api/pupils/unknown/events", 404, "there is no such pupil"),
        ("/api/pupils/p1", 404, "this function answers on / and on its REST paths"),
        (f"{PATH}?last_event_id=x", 400, "Last-Event-ID is no sequence number"),
        (f"{PATH}?last_event_id=99999999999999999999", 400, "Last-Event-ID is no sequence number"),
        (f"{PATH}?other=1", 422, "the query breaks 1 rule"),
    ],
)
async def test_what_cannot_be_streamed_is_refused_with_a_problem(
    wire: Wire, book: Book, path: str, status: int, says: str
) -> None:
    async with served(book.watched()) as one:
        refused = await _refused(wire, one, path)

    assert refused.headers["content-type"] == "application/problem+json"
    assert (refused.status, refused.problem["status"]) == (status, status)
    assert says in refused.problem["detail"]
    assert refused.headers["traceresponse"].startswith(f"00-{refused.problem['trace_id']}")


async def test_who_may_not_ask_is_refused(wire: Wire, book: Book) -> None:
    async def by_token(exchange: Exchange) -> str:
        if exchange.headers.get("authorization") != "Bearer good":
            raise Refused(401, "Unauthorized")
        return "somebody"

    book.write(1)
    async with served(book.watched(), authenticate=by_token) as one:
        assert (await _refused(wire, one)).status == 401
        headers = {"Authorization": "Bearer good"}
        async with listening(wire, one.url, headers=headers) as heard:
            assert numbers(await heard.items(1)) == [1]


async def _refused(wire: Wire, one: Served, path: str = PATH) -> Turned:
    with pytest.raises(Turned) as caught:
        async with listening(wire, one.url, path):
            pass
    return caught.value


def _after(seen: list[int]) -> str:
    return f"{PATH}?last_event_id={seen[-1]}" if seen else PATH


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


class _Unmoved:
    """Says how much was taken, once that has not changed over some looks."""

    def __init__(self, book: Book) -> None:
        self._book, self._looks = book, list[int]()

    def __call__(self) -> int | None:
        self._looks.append(self._book.taken)
        return self._book.taken if self._looks[-10:] == [self._book.taken] * 10 else None
