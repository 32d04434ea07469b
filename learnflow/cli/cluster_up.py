"""`learnflow cluster up`: check, install operators, apply wave by wave, wait, print addresses."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from learnflow.cli.cluster_options import Context, Overlay, Patience, connected
from learnflow.cli.options import DryRun, Json

if TYPE_CHECKING:
    from learnflow.cluster.bringing_up import Planned

WEB = "web"
"""The Knative Service that serves the web app."""


def up(
    overlay: Overlay = "minikube",
    context: Context = None,
    image_tag: Annotated[
        str | None,
        typer.Option(
            envvar="LEARNFLOW_IMAGE_TAG", help="The tag of all images, or core's,match's,web's."
        ),
    ] = None,
    registry: Annotated[
        str | None,
        typer.Option(envvar="LEARNFLOW_REGISTRY", help="Where they are, instead of dev.local."),
    ] = None,
    skip_operators: Annotated[
        bool,
        typer.Option(
            "--skip-operators",
            envvar="LEARNFLOW_SKIP_OPERATORS",
            help="Neither install operators nor look at their versions.",
        ),
    ] = False,
    skip_room: Annotated[
        bool,
        typer.Option(
            "--skip-room",
            envvar="LEARNFLOW_SKIP_ROOM",
            help="Carry on with less CPU or memory than is requested.",
        ),
    ] = False,
    timeout: Patience = 600.0,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Bring LearnFlow up on a cluster; run again, it goes on and mends."""
    from learnflow.cli.output import print_json
    from learnflow.cli.problem import Problem, explained
    from learnflow.cli.stages import Stages
    from learnflow.cluster import bringing_up
    from learnflow.cluster.checking import Options
    from learnflow.cluster.plan import plan

    options = Options(skip_operators, skip_room, timeout)
    with explained():
        wanted = plan(overlay, image_tag, registry)
    with Stages(stderr=json) as view:
        if dry_run:
            failed, found = connected(
                context, lambda cluster: bringing_up.dry_run(cluster, wanted, options, view)
            )
            view.clear()
            _show_plan(found, json)
            if failed:
                raise Problem(
                    f"{failed} checks failed; nothing was done.", "do what their lines say"
                )
            return
        urls = connected(context, lambda cluster: bringing_up.up(cluster, wanted, options, view))
    if json:
        print_json({"overlay": overlay, "urls": urls})
        return
    _show(urls)


def _show(urls: dict[str, str]) -> None:
    from learnflow.cli.output import print_table

    print()
    print_table(("function", "address"), sorted(each for each in urls.items() if each[0] != WEB))
    print(
        "Names under localhost lead here once Kourier is forwarded:\n"
        "  kubectl -n kourier-system port-forward svc/kourier 8080:80\n"
        "then each answers with :8080 behind its name. Try: learnflow cluster demo"
    )
    if web := urls.get(WEB):
        forwarded = ":8080" if web.endswith(".localhost") else ""
        print(f"The web app: {web}{forwarded}/")


def _show_plan(found: "Sequence[Planned]", json: bool) -> None:
    from dataclasses import asdict
    from itertools import groupby

    from learnflow.cli.output import print_json

    if json:
        print_json([asdict(each) for each in found])
        return
    for wave, members in groupby(found, key=lambda each: each.wave):
        print(wave)
        for each in members:
            place = f" in {each.namespace}" if each.namespace else ""
            print(
                f"  {'applied again' if each.there else 'made':<14} {each.kind} {each.name}{place}"
            )
    print(f"{len(found)} resources. Nothing was done.")
