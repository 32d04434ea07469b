"""The command of the bench: what can be asked for, and what it prints."""

import json

from typer.testing import CliRunner

from bench.__main__ import GROUPS, PARTS, WHOLE, command
from bench.figures import Bound, Figure
from bench.report import document, table


def test_every_group_is_offered_and_an_unknown_one_is_refused() -> None:
    refused = CliRunner().invoke(command, ["--only", "rce"])
    assert refused.exit_code == 2
    assert "unknown: rce" in refused.output
    assert {"race", "tail", "scaling", "events", "growth"} <= PARTS.keys()
    assert {"flow", "decline", "replay", "idle", "gateway", "web"} <= WHOLE.keys()
    assert set(GROUPS) == {*PARTS, "start", *WHOLE}


def test_the_document_says_what_was_missed_and_is_json() -> None:
    figures = [
        Figure("g", "fine", 1.0, "x", Bound(2)),
        Figure("g", "missed", 3.0, "x", Bound(2)),
        Figure("g", "to read by", 9.0, "1/s"),
    ]
    found = json.loads(json.dumps(document(figures)))
    assert found["missed"] == ["missed"]
    assert [figure["reached"] for figure in found["figures"]] == [True, False, None]
    assert table(figures).row_count == 3
