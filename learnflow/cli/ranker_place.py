"""Where the ranker commands find matching_db, and what they say when they do not."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

if TYPE_CHECKING:
    import asyncpg

T = TypeVar("T")
MatchingUrl = Annotated[
    str | None,
    typer.Option(
        "--matching-url",
        envvar="LEARNFLOW_MATCHING_DATABASE_URL",
        help="matching_db, as matching_trainer; left out: of what runs here.",
    ),
]


def in_matching(url: str | None, work: "Callable[[asyncpg.Connection], Awaitable[T]]") -> T:
    """What `work` finds with a connection to matching_db. Raises Problem."""
    import asyncio

    from db.maintain import FAULTS
    from learnflow.cli.problem import Problem

    address = url or _embedded()
    try:
        return asyncio.run(_connected(address, work))
    except FAULTS as error:
        fix = (
            "does the server run, is its schema the newest (learnflow migrate),"
            " and is the address the role matching_trainer's? Run it again"
        )
        raise Problem(
            f"matching_db cannot be used: {type(error).__name__}: {error}", fix, "--matching-url"
        ) from error


async def _connected(address: str, work: "Callable[[asyncpg.Connection], Awaitable[T]]") -> T:
    import asyncpg

    connection = await asyncpg.connect(address, timeout=5)
    try:
        return await work(connection)
    finally:
        connection.terminate()


def _embedded() -> str:
    """The address of matching_db where LearnFlow runs here. Raises Problem."""
    from db.roles import database_of, role_of
    from learnflow.cli.place import here
    from learnflow.cli.problem import Problem
    from learnflow.local.paths import running
    from learnflow.local.postgres import EmbeddedPostgres

    places = here()
    if running(places.state) is None:
        fix = "start it: learnflow up; or --matching-url"
        raise Problem("LearnFlow does not run here, and no address of matching_db is given.", fix)
    server = EmbeddedPostgres(places.state, places.sockets)
    return server.dsn(database_of("matching"), role_of("matching", "trainer"))
