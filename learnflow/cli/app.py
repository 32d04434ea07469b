"""The `learnflow` command. Each command is a module of this package that imports late."""

import sys
from typing import Annotated

import typer

from learnflow.cli import problem
from learnflow.cli.cluster import cluster
from learnflow.cli.database import database
from learnflow.cli.dead_letters import dead_letters
from learnflow.cli.demo import demo
from learnflow.cli.doctor import doctor
from learnflow.cli.down import down
from learnflow.cli.evaluate import evaluate
from learnflow.cli.events import events
from learnflow.cli.explain import explain
from learnflow.cli.export import export
from learnflow.cli.fault import fault
from learnflow.cli.logs import logs
from learnflow.cli.maintain import maintain
from learnflow.cli.migrate import migrate
from learnflow.cli.new import new
from learnflow.cli.output import prepare_streams
from learnflow.cli.ps import ps
from learnflow.cli.ranker import ranker
from learnflow.cli.relay import relay
from learnflow.cli.send import send
from learnflow.cli.trace import trace
from learnflow.cli.up import up
from learnflow.cli.web import web

app = typer.Typer(
    name="learnflow",
    help="Students and tutors register, are matched, and are told: run it here.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (up, demo, down, doctor, ps, logs, send, trace, export, migrate, maintain):
    app.command()(command)
app.add_typer(events, name="events")
app.add_typer(dead_letters, name="dead-letters")
app.add_typer(fault, name="fault")
app.add_typer(database, name="database")
app.add_typer(ranker, name="ranker")
app.add_typer(cluster, name="cluster")
app.add_typer(web, name="web")
app.command()(explain)
app.command()(evaluate)
app.command()(relay)
app.command()(new)


@app.callback()
def learnflow(
    context: typer.Context,
    debug: Annotated[
        bool,
        typer.Option("--debug", envvar="LEARNFLOW_DEBUG", help="Show tracebacks of errors."),
    ] = False,
) -> None:
    """Students and tutors register, are matched, and are told: run it here."""
    context.obj = debug
    _wanted["traceback"] = debug


_wanted = {"traceback": False}


def main() -> None:
    """Run the command line; the exit code is 0, or says that a problem was shown."""
    prepare_streams()
    try:
        app(prog_name="learnflow")
    except KeyboardInterrupt:
        sys.exit(problem.INTERRUPTED)
    except problem.Problem as error:
        if _wanted["traceback"]:
            raise
        problem.show(error)
        sys.exit(error.code)
    except Exception as error:
        if _wanted["traceback"]:
            raise
        problem.show(problem.unexpected(error))
        sys.exit(problem.FAILED)


if __name__ == "__main__":
    main()
