"""`learnflow ranker` by address, end to end: train, look, promote, replay, move back."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from typer.testing import Result

from learnflow.cli.problem import Problem
from learnflow.evaluation.world import WORLDS
from learnflow.ranking.loop.training import LEAST_ACCEPTED
from tests import postgres
from tests.cli.conftest import Command
from tests.postgres import Databases
from tests.ranking.loop import market


@pytest.fixture(scope="module")
def module(templates: Databases) -> Iterator[Databases]:
    mine = asyncio.run(postgres.fresh(templates))
    yield mine
    asyncio.run(postgres.drop(mine))


@pytest.fixture
def databases(module: Databases, monkeypatch: pytest.MonkeyPatch) -> Databases:
    """An empty matching_db whose trainer's address is in the environment; a small market."""
    execute(
        module,
        "TRUNCATE models, model_aliases, promotions, matches, match_keys, outcomes",
    )
    monkeypatch.setenv("LEARNFLOW_MATCHING_DATABASE_URL", module.dsn("matching", "trainer"))
    monkeypatch.setitem(WORLDS, "default", market.SMALL)
    return module


def execute(databases: Databases, sql: str) -> None:
    async def run() -> None:
        connection = await asyncpg.connect(databases.superuser("matching"))
        await connection.execute(sql)
        await connection.close()

    asyncio.run(run())


def logged(databases: Databases, count: int | None = None, **changed: Any) -> list[str]:
    """The small market's log in matching_db, the last of it two weeks old; its match ids."""
    log = [replace(one, **changed) for one in market.decisions(datetime.now(UTC))[:count]]
    asyncio.run(market.write(databases.superuser("matching"), log))
    return [one.match_id for one in log]


def parsed(result: Result) -> Any:
    """The JSON a command printed; its progress goes to the standard error."""
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def refused(result: Result) -> Problem:
    """The problem that a command ended with."""
    assert isinstance(result.exception, Problem), result.output
    assert result.exception.code == 1
    return result.exception


def test_a_simulated_model_ranks_within_two_commands_and_leaves_by_one(
    command: Command, databases: Databases
) -> None:
    trained = parsed(command("ranker", "train", "--simulated", "--json"))
    assert (trained["kind"], trained["champion"]) == ("synthetic", None)
    assert any(reason.startswith("synthetic: ") for reason in trained["reasons"])
    listed = parsed(command("ranker", "list", "--json"))
    assert (listed["champion"], listed["challenger"]) == (None, trained["model"])

    result = command("ranker", "promote", "--json")
    assert trained["model"] in refused(result).what
    told = json.loads(result.stdout)
    assert told["promoted"] is False
    assert {reason.partition(":")[0] for reason in told["reasons"]} == {
        *("synthetic", "too_few_matches", "no_evaluation_rows")
    }
    forced = parsed(command("ranker", "promote", "--force", "--json"))
    assert (forced["promoted"], forced["forced"], forced["previous"]) == (True, True, None)
    assert parsed(command("ranker", "list", "--json"))["champion"] == trained["model"]
    back = parsed(command("ranker", "rollback", "--json"))
    assert back == {"champion": None, "previous": trained["model"]}
    assert "promotion to take back" in refused(command("ranker", "rollback")).what
    history = parsed(command("ranker", "list", "--json"))["history"]
    past = [one["verdict"] for one in history if one["alias"] == "champion"]
    assert past == ["rolled_back", "promoted", "refused"]


def test_two_trainings_give_one_model_and_another_seed_another(
    command: Command, databases: Databases
) -> None:
    ids = [
        parsed(command("ranker", "train", "--simulated", "--seed", seed, "--json"))["model"]
        for seed in ("3", "3", "4")
    ]
    assert ids[0] == ids[1] != ids[2]
    assert len(parsed(command("ranker", "list", "--json"))["models"]) == 2


def test_our_own_log_is_learned_from_and_every_decision_comes_out_again(
    command: Command, databases: Databases
) -> None:
    ids = logged(databases)
    trained = parsed(command("ranker", "train", "--json"))
    assert (trained["kind"], trained["decisions"]) == ("live", len(ids))
    assert trained["comparison"]["decisions"] > 100
    again = parsed(command("ranker", "replay", ids[0], "--json"))
    assert (again["same_scores"], again["same_order"]) == (True, True)
    assert again["ranker"] == "rules-1"
    shown = command("ranker", "replay", ids[1]).output
    assert "scores: the same" in shown
    assert "order: the same" in shown


def test_people_are_told_the_comparison_and_each_reason(
    command: Command, databases: Databases
) -> None:
    logged(databases)
    trained = command("ranker", "train").output
    assert "It is the challenger now. On " in trained
    assert "The gate would refuse it:\n  too_few_matches: " in trained
    result = command("ranker", "promote")
    assert "--force" in refused(result).fix
    assert "The gate refuses it:\n  too_few_matches: " in result.output
    promoted = command("ranker", "promote", "--force").output
    assert "by force; before: rules" in promoted
    listed = command("ranker", "list").output
    assert all(
        word in listed for word in ("champion: learned-", "live", "promoted", "too_few_matches")
    )
    assert command("ranker", "rollback").output.startswith("champion: rules, before: learned-")


def test_a_model_is_shown_with_its_origin_and_what_happened_to_it(
    command: Command, databases: Databases
) -> None:
    model = parsed(command("ranker", "train", "--simulated", "--json"))["model"]
    shown = parsed(command("ranker", "show", model[:12], "--json"))
    assert (shown["id"], shown["origin"]["kind"]) == (model, "synthetic")
    assert [one["verdict"] for one in shown["history"]] == ["trained"]
    assert json.loads(command("ranker", "show", model).stdout) == shown
    assert "no model nobody" in refused(command("ranker", "show", "nobody")).what
    parsed(command("ranker", "train", "--simulated", "--seed", "9", "--json"))
    assert "Several models" in refused(command("ranker", "show", "learned-")).what


def test_too_few_matches_are_counted_with_what_is_needed_and_what_to_do(
    command: Command, databases: Databases
) -> None:
    logged(databases, 40)
    problem = refused(command("ranker", "train"))
    assert f"accepted matches, {LEAST_ACCEPTED} are needed" in problem.what
    assert "--simulated" in problem.fix
    few = parsed(command("ranker", "train", "--when-enough", "--json"))
    assert (few["model"], 0 < few["accepted"] <= 40) == (None, True)
    assert command("ranker", "train", "--when-enough").exit_code == 0


def test_decisions_without_features_are_counted_where_there_is_too_little(
    command: Command, databases: Databases
) -> None:
    (first, *_) = logged(databases, 20, features=None, features_schema=None)
    said = refused(command("ranker", "train")).what
    assert "20 decisions were decided before features were logged" in said
    assert "before features were logged" in refused(command("ranker", "replay", first)).what


def test_a_match_that_comes_out_otherwise_is_a_failure(
    command: Command, databases: Databases
) -> None:
    (first, second) = logged(databases, 2)
    score = "(shown::jsonb#>>'{tutors,0,1}')::float8 + 1"
    execute(
        databases,
        f"UPDATE matches SET shown = jsonb_set(shown::jsonb, '{{tutors,0,1}}', to_jsonb({score}))"
        f" WHERE match_id = '{first}'",
    )
    result = command("ranker", "replay", first, "--json")
    assert "otherwise" in refused(result).what
    assert json.loads(result.stdout)["same_scores"] is False
    execute(databases, f"UPDATE matches SET ranker = 'learned-gone' WHERE match_id = '{second}'")
    assert "learned-gone, is gone" in refused(command("ranker", "replay", second)).what
    assert "no match nothing" in refused(command("ranker", "replay", "nothing")).what


def test_the_event_that_asked_is_noted_with_the_model(
    command: Command, databases: Databases, tmp_path: Path
) -> None:
    file = tmp_path / "event"
    file.write_text('{"specversion": "1.0", "id": "e7", "source": "urn:me", "type": "ask"}')
    parsed(command("ranker", "train", "--simulated", "--event", str(file), "--json"))
    (past,) = parsed(command("ranker", "list", "--json"))["history"]
    assert past["report"]["asked_by"] == {"id": "e7", "source": "urn:me", "type": "ask"}
    for wrong in ("{}", "no json", "[]"):
        file.write_text(wrong)
        result = command("ranker", "train", "--simulated", "--event", str(file))
        assert str(file) in refused(result).where


def test_there_is_nothing_to_promote_before_anything_was_trained(
    command: Command, databases: Databases
) -> None:
    assert "learnflow ranker train" in refused(command("ranker", "promote", "--force")).fix
    assert parsed(command("ranker", "list", "--json"))["models"] == []


def test_an_address_of_another_role_is_a_problem_that_names_the_right_one(
    command: Command, databases: Databases
) -> None:
    for duty in ("app", "relay"):
        address = databases.dsn("matching", duty)
        result = command("ranker", "train", "--simulated", "--matching-url", address)
        assert "matching_trainer" in refused(result).fix


def test_without_address_and_without_a_runner_it_says_what_to_do(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LEARNFLOW_MATCHING_DATABASE_URL", raising=False)
    monkeypatch.setattr("learnflow.local.paths.running", lambda state: None)
    problem = refused(command("ranker", "list"))
    assert "learnflow up" in problem.fix
    assert "--matching-url" in problem.fix
