"""`learnflow maintain`: partitions and retention, as the cluster's CronJob does it daily."""

from typing import TYPE_CHECKING, Annotated

import typer

from learnflow.cli.options import DryRun, Json

if TYPE_CHECKING:
    from db.maintain import Upkeep

Url = str | None


def maintain(
    students_url: Annotated[
        Url,
        typer.Option(
            envvar="LEARNFLOW_STUDENTS_DATABASE_URL", help="students_db, as students_maintainer."
        ),
    ] = None,
    tutors_url: Annotated[
        Url,
        typer.Option(
            envvar="LEARNFLOW_TUTORS_DATABASE_URL", help="tutors_db, as tutors_maintainer."
        ),
    ] = None,
    matching_url: Annotated[
        Url,
        typer.Option(
            envvar="LEARNFLOW_MATCHING_DATABASE_URL", help="matching_db, as matching_maintainer."
        ),
    ] = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Make partitions ahead, drop old ones, prune old rows; without addresses, of what runs here.

    `up` does it by itself, hourly.
    """
    import asyncio
    from dataclasses import asdict

    from db.maintain import maintain as maintained
    from learnflow.cli.output import print_json
    from learnflow.cli.problem import Problem

    urls = {"students": students_url, "tutors": tutors_url, "matching": matching_url}
    given = {short: url for short, url in urls.items() if url} or _embedded()
    done = asyncio.run(maintained(given, dry_run=dry_run))
    if json:
        steps = [asdict(step) for step in done.steps]
        print_json({"dry_run": dry_run, "steps": steps, "failed": dict(done.failed)})
    else:
        _show(done, dry_run)
    for short, why in done.failed.items():
        fix = f"does the server run, and is the address the role {short}_maintainer's? Run it again"
        raise Problem(f"{short}_db was not maintained: {why}", fix, f"--{short}-url")


def _embedded() -> dict[str, str]:
    """The addresses of the databases that run here. Raises Problem."""
    from db.roles import SHORT_NAMES, database_of, role_of
    from learnflow.cli.place import here
    from learnflow.cli.problem import Problem
    from learnflow.local.paths import running
    from learnflow.local.postgres import EmbeddedPostgres

    places = here()
    if running(places.state) is None:
        fix = "start it: learnflow up; or set LEARNFLOW_STUDENTS_DATABASE_URL and the others"
        raise Problem("LearnFlow does not run here, and no database address is given.", fix)
    server = EmbeddedPostgres(places.state, places.sockets)
    return {
        short: server.dsn(database_of(short), role_of(short, "maintainer")) for short in SHORT_NAMES
    }


def _show(done: "Upkeep", dry_run: bool) -> None:
    from learnflow.cli.output import print_table

    rows = [(f"{s.database}_db", s.act, s.what, s.rows or None) for s in done.steps]
    if rows:
        print_table(("database", "done", "what", ">rows"), rows)
    for step in done.findings:
        print(f"warning: {step.rows} rows had fallen into {step.what}: partitions were late.")
    if dry_run:
        print("Nothing was changed: this is what is due.")
    elif not rows and not done.failed:
        print("Nothing was due.")
