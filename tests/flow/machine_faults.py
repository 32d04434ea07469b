"""Units that end badly, once each: their process dies, or their connection, around the commit."""

from typing import Final, Literal

from db.connection import Unavailable
from db.unit_of_work import Database, Unit

Fate = Literal["dies before", "dies after", "cut before", "cut after"]
FATES: Final[tuple[Fate, ...]] = ("dies before", "dies after", "cut before", "cut after")
"""The process dies before its commit or after it; the connection is lost before or after it."""


class Died(BaseException):
    """The process ended here: nobody answers, and nothing that handles errors runs."""


class MortalUnit(Unit):
    """A unit that meets the fate of its database at its commit."""

    async def commit(self) -> None:
        """Commit, unless fate says otherwise."""
        database = self._database
        assert isinstance(database, MortalDatabase)
        fate, database.fate = database.fate, None
        if fate == "dies before":
            raise Died
        if fate == "cut before":
            (await self._leased()).terminate()
        await super().commit()
        if fate == "dies after":
            raise Died
        if fate == "cut after":
            raise Unavailable("the answer to COMMIT was lost")


class MortalDatabase(Database):
    """A database whose next commit may have a fate."""

    fate: Fate | None = None

    def unit(self, traceparent: str | None = None) -> Unit:
        """A mortal unit."""
        return MortalUnit(self, traceparent)
