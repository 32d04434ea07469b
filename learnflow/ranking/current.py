"""Which ranker is in use? The champion that matching_db names, else the rules, and why.

Asked for each decision and answered from memory: the aliases are looked at once in a while, a model
is fetched and proved once, and whoever asks meanwhile waits a little. What cannot be had, does not
fit or takes too long is no reason to decide nothing: the rules decide, with a line in the log and a
count.
"""

import asyncio
import importlib
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Final, Literal, NamedTuple
from weakref import WeakKeyDictionary

from db.connection import Unavailable
from db.matching import registry
from db.unit_of_work import Database, Unit
from learnflow.ranking.model_files import ModelFiles
from learnflow.ranking.ranker import Ranker
from learnflow.ranking.rules import RuleRanker
from learnflow.runtime import logs
from learnflow.runtime.metrics import Counter
from learnflow.settings import Settings

Reason = Literal["missing", "refused", "unavailable", "slow", "failed"]
RULES: Final = RuleRanker()
RETRY_SECONDS: Final = 10.0
"""After this, what could not be fetched is tried again; what was refused never is."""
_PASSING: Final = frozenset[Reason | None]({"missing", "unavailable", "failed"})
_LEARNED: Final = "learnflow.ranking.learned.champion"
"""Imported in a thread where no fork server did: LightGBM takes half a second."""
FALLBACKS: Final = Counter(
    "learnflow_ranker_fallbacks",
    "Rankings by the rules where a champion was named, by the reason.",
    "reason",
)


@dataclass(frozen=True, slots=True)
class InUse:
    """The ranker that decides, and the challenger that may be asked beside it."""

    ranker: Ranker = RULES
    challenger: Ranker | None = None
    settings: Settings = field(default_factory=Settings)

    @property
    def policy(self) -> Literal["learned", "rules"]:
        """Which kind of ranker decides."""
        return "rules" if self.ranker is RULES else "learned"


class Found(NamedTuple):
    """A model's ranker, or why there is none, in a word and at length."""

    ranker: Ranker | None
    reason: Reason | None = None
    why: str | None = None


class Loading:
    """One model on its way into this process: fetched, proved and parsed by one task."""

    def __init__(self, model_id: str, fetch: Callable[[str], "asyncio.Task[Found]"]) -> None:
        self.began = monotonic()
        self._task = fetch(model_id)

    async def found(self, patience: float) -> Found:
        """What came of it, waited for until `patience` seconds after it began."""
        left = self.began + patience - monotonic()
        if not self._task.done() and left > 0:
            await asyncio.wait({self._task}, timeout=left)
        if not self._task.done():
            return Found(None, "slow", "it is not loaded yet")
        return self._task.result()

    @property
    def over(self) -> bool:
        """Whether it failed long enough ago for another try."""
        again = self._task.done() and self._task.result().reason in _PASSING
        return again and monotonic() > self.began + RETRY_SECONDS


class Current:
    """What one process knows of the rankers of one matching_db."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._name, self._dsn = database.name, database.dsn
        self._settings = settings
        self._files = ModelFiles(settings.model_cache)
        self._aliases: dict[registry.Alias, str | None] = {}
        self._look_at = 0.0
        self._looking = asyncio.Lock()
        self._loading: dict[str, Loading] = {}
        self._told: tuple[str, str | None] = (RULES.id, None)

    async def in_use(self, work: Unit) -> InUse:
        """The rankers for one decision. Ask before the unit's first call, outside its transaction.

        Raises Unavailable when the database is away, as everything then does.
        """
        await self._look(work)
        champion = self._aliases["champion"]
        found = await self._found(champion, self._settings.ranker_wait_seconds)
        if champion is not None and found.reason is not None:
            FALLBACKS.add(found.reason)
        ranker = found.ranker or RULES
        self._tell(ranker.id, champion, found)
        return InUse(ranker, (await self._found(self._challenger, 0)).ranker, self._settings)

    @property
    def _challenger(self) -> str | None:
        """The challenger, where any decision is to ask it."""
        return self._aliases["challenger"] if self._settings.shadow_share else None

    async def _look(self, work: Unit) -> None:
        if monotonic() < self._look_at:
            return
        async with self._looking:
            if monotonic() < self._look_at:  # somebody else looked meanwhile
                return
            self._aliases = await registry.aliases(work)
            self._look_at = monotonic() + self._settings.ranker_look_seconds
            named = set(self._aliases.values())
            self._loading = {
                model_id: loading
                for model_id, loading in self._loading.items()
                if model_id in named and not loading.over
            }

    async def _found(self, model_id: str | None, patience: float) -> Found:
        if model_id is None:
            return Found(None)
        if model_id not in self._loading:
            self._loading[model_id] = Loading(model_id, self._begin)
        return await self._loading[model_id].found(patience)

    def _begin(self, model_id: str) -> "asyncio.Task[Found]":
        return asyncio.create_task(self._load(model_id))

    async def _load(self, model_id: str) -> Found:
        """Never raises: what a model may do wrong, and what may happen to it, is an answer."""
        if _LEARNED not in sys.modules:
            await asyncio.to_thread(importlib.import_module, _LEARNED)
        from learnflow.ranking.learned import champion

        if (known := champion.parsed(model_id)) is not None:
            return Found(known)
        kept = self._files.read(model_id)
        if kept is not None:
            try:
                return Found(champion.opened(model_id, kept))
            except Exception:  # a bad file beside us says nothing of the model
                self._files.forget(model_id)
        try:
            packed = await self._fetch(model_id)
            if packed is None:
                return Found(None, "missing", "matching_db does not have it")
            ranker = champion.opened(model_id, packed)
        except champion.Refused as refused:
            return Found(None, "refused", str(refused))
        except Unavailable as error:
            return Found(None, "unavailable", f"matching_db does not give it: {error}")
        except Exception as error:
            return Found(None, "failed", type(error).__qualname__)
        self._files.keep(model_id, packed)
        return Found(ranker)

    async def _fetch(self, model_id: str) -> bytes | None:
        """By a connection of its own: those who wait for the model hold the others."""
        database = Database(self._name, self._dsn, 1)
        try:
            async with database.unit() as work:
                return await registry.packed(work, model_id)
        finally:
            await database.close()

    def _tell(self, ranker_id: str, champion: str | None, found: Found) -> None:
        """One line whenever another ranker decides, or for another reason."""
        if (ranker_id, found.reason) == self._told:
            return
        self._told = (ranker_id, found.reason)
        level = "info" if found.reason is None else "warning"
        logs.line(
            "ranker", level, ranker=ranker_id, champion=champion, reason=found.reason, why=found.why
        )


_current: Final[WeakKeyDictionary[Database, Current]] = WeakKeyDictionary()


async def in_use(work: Unit) -> InUse:
    """The rankers for one decision of this unit's database; see Current.in_use."""
    database = work.database
    if database not in _current:
        _current[database] = Current(database, Settings.read())
    return await _current[database].in_use(work)
