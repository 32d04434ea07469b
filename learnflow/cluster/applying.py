"""One wave: applied in its order, then waited for until all of it is ready."""

import asyncio
import itertools
import time
from collections.abc import Iterable, Sequence
from typing import Any, Final

from learnflow.cluster.checking import View
from learnflow.cluster.client import Cluster, Declined
from learnflow.cluster.diagnosing import last_words, trouble
from learnflow.cluster.errors import ClusterError, NoRoom
from learnflow.cluster.readiness import State, state_of

EVERY_SECONDS: Final = 1.0
TROUBLE_EVERY: Final = 3
"""In each so many looks pods are looked at too."""
STUBBORN_SECONDS: Final = 20.0
"""An image or a Secret that is still missing then will not come by itself."""
ROOM_SECONDS: Final = 120.0
"""Functions that were started with the rest go to zero again within this."""
Fields = dict[str, Any]


async def apply_all(cluster: Cluster, resources: Iterable[tuple[Fields, str]]) -> int:
    """Apply resources, each with the file it is from; how many. Raises ClusterError."""
    count = 0
    for fields, file in resources:
        try:
            await _apply(cluster, fields)
        except Declined as declined:
            raise _refusal(fields, declined, file) from declined
        count += 1
    return count


async def _apply(cluster: Cluster, fields: Fields) -> None:
    """A Job that failed, or differs from the one that is there, is made anew."""
    if fields["kind"] != "Job":
        await cluster.apply(fields)
        return
    there = await cluster.get(fields)
    if there is not None and state_of({**there, **_type(fields)}).is_ == "failed":
        await _away(cluster, fields)
    try:
        await cluster.apply(fields)
    except Declined as declined:
        if declined.status != 422 or "immutable" not in declined.said:
            raise
        await _away(cluster, fields)
        await cluster.apply(fields)


async def _away(cluster: Cluster, fields: Fields, seconds: float = 60.0) -> None:
    await cluster.delete(fields)
    deadline = time.monotonic() + seconds
    while await cluster.get(fields) is not None:
        if time.monotonic() > deadline:
            raise ClusterError(
                f"The old {named(fields)} does not go away.",
                "kubectl describe it: it shows what holds it",
                fields["metadata"].get("namespace", ""),
            )
        await asyncio.sleep(EVERY_SECONDS)


def _refusal(fields: Fields, declined: Declined, file: str) -> ClusterError:
    if declined.status == 403 and "admission webhook" not in declined.said:
        return ClusterError(
            f"You may not change {named(fields)}: {declined.said.rstrip('.')}.",
            "use an account that may administer the cluster: --context",
        )
    return ClusterError(
        f"The cluster refuses {named(fields)}: {declined.said.rstrip('.')}.",
        "correct that manifest, then learnflow cluster up again: it goes on from there",
        file,
    )


async def wait_for(
    cluster: Cluster, resources: Sequence[Fields], seconds: float, view: View, stage: str
) -> None:
    """Until all are ready. Raises ClusterError when one failed, or time is over."""
    began = time.monotonic()
    pending = {named(each): each for each in resources}
    stubborn: dict[str, float] = {}
    for look in itertools.count():
        states = await _states(cluster, pending)
        pending = {name: pending[name] for name, state in states.items() if not state.ready}
        if not pending:
            return
        name, fields = next(iter(pending.items()))
        ready = len(resources) - len(pending)
        view.now(f"{stage}: {ready} of {len(resources)} ready; {name}: {states[name].why}")
        for each, wanted in pending.items() if look % TROUBLE_EVERY == 0 else ():
            await _give_up(cluster, wanted, states[each], stubborn, view)
        if time.monotonic() - began > seconds:
            await _tell(cluster, fields, view)
            raise await trouble(cluster, fields) or ClusterError(
                f"{name} is not ready after {seconds:.0f} s: {states[name].why.rstrip('.')}.",
                "the lines above are its last events and log lines; learnflow cluster up again "
                "goes on from there",
                fields["metadata"].get("namespace", ""),
            )
        await asyncio.sleep(EVERY_SECONDS)


async def _states(cluster: Cluster, pending: dict[str, Fields]) -> dict[str, State]:
    found = {}
    for name, fields in pending.items():
        there = await cluster.get(fields)
        found[name] = (
            State("waiting", "it is not there yet")
            if there is None
            else state_of({**there, **_type(fields)})
        )
    return found


async def _give_up(
    cluster: Cluster, fields: Fields, state: State, stubborn: dict[str, float], view: View
) -> None:
    """Raises ClusterError for what failed for good, or has long lacked what must be brought."""
    name = named(fields)
    if state.is_ == "failed":
        await _tell(cluster, fields, view)
        raise await trouble(cluster, fields) or ClusterError(
            f"{name} failed: {state.why.rstrip('.')}.",
            "the lines above are its last events and log lines; learnflow cluster up again "
            "starts it anew",
            fields["metadata"].get("namespace", ""),
        )
    wrong = await trouble(cluster, fields)
    if wrong is None:
        stubborn.pop(name, None)
        return
    limit = ROOM_SECONDS if isinstance(wrong, NoRoom) else STUBBORN_SECONDS
    if time.monotonic() - stubborn.setdefault(name, time.monotonic()) > limit:
        await _tell(cluster, fields, view)
        raise wrong


async def _tell(cluster: Cluster, fields: Fields, view: View) -> None:
    for line in await last_words(cluster, fields):
        view.line("warn", named(fields), line)


def named(fields: Fields) -> str:
    """As people call a resource: its kind and name."""
    return f"{fields['kind']} {fields['metadata']['name']}"


def _type(fields: Fields) -> Fields:
    return {"apiVersion": fields["apiVersion"], "kind": fields["kind"]}
