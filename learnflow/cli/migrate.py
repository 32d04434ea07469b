"""`learnflow migrate`: bring databases to the newest schema, as the cluster's Job does."""

from typing import Annotated

import typer

from learnflow.cli.options import Json

Url = str | None


def migrate(
    students_url: Annotated[
        Url,
        typer.Option(envvar="LEARNFLOW_STUDENTS_DATABASE_URL", help="students_db, as its owner."),
    ] = None,
    tutors_url: Annotated[
        Url, typer.Option(envvar="LEARNFLOW_TUTORS_DATABASE_URL", help="tutors_db, as its owner.")
    ] = None,
    matching_url: Annotated[
        Url,
        typer.Option(envvar="LEARNFLOW_MATCHING_DATABASE_URL", help="matching_db, as its owner."),
    ] = None,
    json: Json = False,
) -> None:
    """Migrate the databases whose address is given; `up` does it by itself for its own."""
    from db.migrate import upgrade
    from learnflow.cli.output import print_json
    from learnflow.cli.problem import Problem

    urls = {"students": students_url, "tutors": tutors_url, "matching": matching_url}
    given = {short: url for short, url in urls.items() if url}
    if not given:
        fix = "set LEARNFLOW_STUDENTS_DATABASE_URL or give --students-url (and the others)"
        raise Problem("No database address is given.", fix)
    for short, url in given.items():
        if not json:
            print(f"{short}_db ...", flush=True)
        try:
            upgrade(short, url)
        except Exception as error:  # drivers, Alembic and SQLAlchemy share no base class
            what = f"{short}_db could not be migrated: {type(error).__name__}: {error}"
            fix = "is the address its owner's, and does the server run?"
            raise Problem(what.splitlines()[0], fix, f"--{short}-url") from error
    if json:
        print_json({"migrated": sorted(given)})
    else:
        print(f"{len(given)} at the newest schema.")
