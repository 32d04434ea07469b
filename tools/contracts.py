"""Writes every generated file: OpenAPI, AsyncAPI, event schemas, EventTypes, pages, the diagram.

Run it as `make contracts`, or `python -m tools.contracts`; tests fail when a file is older than
what it tells. What is no longer generated is removed.
"""

from collections.abc import Iterable
from pathlib import Path

from learnflow.contracts import asyncapi, event_schemas, event_types, openapi
from learnflow.contracts.event_schemas import pretty
from learnflow.contracts.published import ASYNCAPI, EVENT_SCHEMAS, EVENT_TYPES, OPENAPI, ROOT
from tools import event_docs, feature_docs, flow_diagram, function_docs

FOLDERS = (EVENT_SCHEMAS, EVENT_TYPES)
"""Where nothing but generated files lie."""


def files() -> dict[Path, str]:
    """What every generated file has to hold."""
    made = {
        OPENAPI: pretty(openapi.document(ROOT)),
        ASYNCAPI: pretty(asyncapi.document(ROOT)),
        event_docs.PAGE: event_docs.page(),
        feature_docs.PAGE: feature_docs.page(),
        function_docs.PAGE: function_docs.page(),
        flow_diagram.PAGE: flow_diagram.page(),
        flow_diagram.README: flow_diagram.readme(),
    }
    made |= {EVENT_SCHEMAS / name: text for name, text in event_schemas.files().items()}
    made |= {EVENT_TYPES / name: text for name, text in event_types.files(ROOT).items()}
    return made


def stale(made: Iterable[Path]) -> list[Path]:
    """Files that were generated once and are not among those that are `made`."""
    return sorted({file for folder in FOLDERS for file in folder.glob("*")} - set(made))


def main() -> None:
    """Write what changed, remove what is stale, and say which."""
    made = files()
    for file, text in made.items():
        if not file.exists() or file.read_text("utf-8") != text:
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, "utf-8")
            print(f"wrote {file.relative_to(ROOT)}")
    for file in stale(made):
        file.unlink()
        print(f"removed {file.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
