"""`learnflow cluster replay`: a source's topics once more, for a function that missed them."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from learnflow.cli.cluster_options import Context, Patience, connected
from learnflow.cli.options import Json

if TYPE_CHECKING:
    from learnflow.cli.stages import Stages
    from learnflow.cluster.client import Cluster


def replay(
    source: Annotated[str, typer.Argument(help="A source, as `cluster status` names it.")],
    context: Context = None,
    end: Annotated[
        bool, typer.Option("--end", envvar="LEARNFLOW_END", help="End its replay instead.")
    ] = False,
    timeout: Patience = 600.0,
    json: Json = False,
) -> None:
    """Deliver all that a source's topics keep, with the same ids and a `replayid`.

    A second source with a group of its own does it; it is deleted once it has no lag. What a
    function has applied before, it takes for a duplicate.
    """
    from learnflow.cli.output import print_json
    from learnflow.cli.stages import Stages

    with Stages(stderr=json) as view:
        said = connected(context, lambda cluster: _replay(cluster, source, end, timeout, view))
    if json:
        print_json(said)
    elif "ended" in said and "replay" not in said:
        print(f"{said['ended']} replays ended.")
    elif said["through"]:
        print(f"replay {said['replay']}: all was delivered.")
    else:
        print(f"It goes on; end it: learnflow cluster replay {source} --end")


async def _replay(
    cluster: "Cluster", source: str, end: bool, timeout: float, view: "Stages"
) -> dict[str, Any]:
    import uuid

    from learnflow.cluster import replaying

    if end:
        return {"ended": await replaying.end(cluster, source)}
    replay_id = f"replay-{uuid.uuid4().hex[:8]}"
    second = await replaying.start(cluster, source, replay_id, timeout, view)
    view.line("done", "source", second["metadata"]["name"])
    through = await replaying.follow(cluster, second, timeout, view)
    ended = await replaying.end(cluster, source) if through else 0
    return {"replay": replay_id, "through": through, "ended": ended}
