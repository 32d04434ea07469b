"""`learnflow database`: from an empty Postgres server to roles and a database, as a Job does it."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from learnflow.cli.options import Json

database = typer.Typer(
    help="Prepare the databases of a server of your own; `up` has its own.", no_args_is_help=True
)


class Short(StrEnum):
    """Which of the three databases."""

    students = "students"
    tutors = "tutors"
    matching = "matching"


@database.callback()
def _group() -> None:
    """A group, though it has one command: `learnflow database prepare`."""


@database.command()
def prepare(
    short: Annotated[Short, typer.Argument(help="students, tutors or matching.")],
    admin_url: Annotated[
        str,
        typer.Option(envvar="LEARNFLOW_ADMIN_DATABASE_URL", help="The server, as its superuser."),
    ],
    passwords: Annotated[
        Path,
        typer.Option(
            envvar="LEARNFLOW_PASSWORDS",
            help="A folder with one file for each role's password: owner, app, relay, …",
        ),
    ],
    json: Json = False,
) -> None:
    """Make the roles with their limits and passwords, and the database; may be run again.

    `learnflow migrate` then makes the schema.
    """
    import asyncio

    from db.passwords import set_passwords
    from db.prepare import prepare_server
    from db.roles import database_of, duties, role_of
    from learnflow.cli.output import print_json
    from learnflow.cli.problem import Problem

    said = {role_of(short, duty): _password(passwords, duty, short) for duty in duties(short)}

    async def prepared() -> None:
        await prepare_server(admin_url, [short])
        await set_passwords(admin_url, said)

    try:
        asyncio.run(prepared())
    except Exception as error:  # asyncpg's, the system's and the address's share no base class
        what = f"{short}_db could not be prepared: {type(error).__name__}: {error}"
        fix = "is the address the superuser's, and does the server run?"
        raise Problem(what.splitlines()[0], fix, "--admin-url") from error
    if json:
        print_json({"database": database_of(short), "roles": sorted(said)})
    else:
        print(f"{database_of(short)} and {len(said)} roles are ready.")


def _password(folder: Path, duty: str, short: str) -> str:
    from learnflow.cli.problem import Problem

    try:
        password = (folder / duty).read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        password = ""
    if not password:
        what = f"There is no password of the role {short}_{duty}."
        fix = f"put it into the file {duty} of the folder (Secret {short}-db-{duty}, key password)"
        raise Problem(what, fix, "--passwords")
    return password
