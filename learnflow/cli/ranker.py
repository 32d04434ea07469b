"""`learnflow ranker`: the models that rank tutors: which there are, which one serves, and why."""

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from learnflow.cli.options import Json
from learnflow.cli.ranker_place import MatchingUrl
from learnflow.cli.ranker_promote import promote_model, roll_back
from learnflow.cli.ranker_replay import replay_match
from learnflow.cli.ranker_train import train_ranker

if TYPE_CHECKING:
    import asyncpg

    from db.matching.promotions import KeptModel, Promotion

RULES: Final = "rules"
ranker = typer.Typer(help="The models that rank tutors, and their gate.", no_args_is_help=True)
ranker.command("train")(train_ranker)
ranker.command("promote")(promote_model)
ranker.command("rollback")(roll_back)
ranker.command("replay")(replay_match)


@ranker.command("list")
def list_models(matching_url: MatchingUrl = None, json: Json = False) -> None:
    """Every model, which one ranks now, and what happened to the champion."""
    from learnflow.cli.output import print_json, print_table
    from learnflow.cli.ranker_place import in_matching

    found = in_matching(matching_url, _listed)
    if json:
        print_json(found)
        return
    champion, challenger = found["champion"], found["challenger"]
    print(f"champion: {champion or RULES}, challenger: {challenger or 'none'}")
    if found["models"]:
        print_table(
            ("model", "kind", "made", ">learned from", ">NDCG@5", ">champion's then"),
            [_row(one) for one in found["models"]],
        )
    if found["history"]:
        print_table(
            ("when", "alias", "what", "model", "before", "because"), _past(found["history"])
        )


@ranker.command("show")
def show_model(
    model: Annotated[str, typer.Argument(help="The model's id, or how it begins.")],
    matching_url: MatchingUrl = None,
    json: Json = False,
) -> None:
    """One model: where it comes from, how good it is, and what happened to it."""
    from json import dumps

    from learnflow.cli.output import print_json
    from learnflow.cli.problem import Problem
    from learnflow.cli.ranker_place import in_matching

    found = in_matching(matching_url, _listed)
    chosen = [one for one in found["models"] if one["id"].startswith(model)]
    if len(chosen) != 1:
        fix = "learnflow ranker list shows them"
        if chosen:
            raise Problem(f"Several models begin with {model}.", fix)
        raise Problem(f"There is no model {model}.", fix)
    named = chosen[0]["id"]
    history = [one for one in found["history"] if named in (one["model"], one["previous"])]
    told = {**chosen[0], "history": history}
    if json:
        print_json(told)
    else:
        print(dumps(told, indent=2, ensure_ascii=False))


async def _listed(connection: "asyncpg.Connection") -> dict[str, Any]:
    from db.matching import promotions as registry

    named = await registry.aliases(connection)
    return {
        "champion": named["champion"],
        "challenger": named["challenger"],
        "models": [_model(one) for one in await registry.list_models(connection)],
        "history": [_happened(one) for one in await registry.promotions(connection)],
    }


def _model(kept: "KeptModel") -> dict[str, Any]:
    from json import loads

    manifest = loads(kept.manifest)
    shown = ("origin", "metrics", "fusion", "lightgbm", "schema")
    return {
        "id": kept.id,
        "kind": kept.kind,
        "created_at": kept.created_at.isoformat(),
        "bytes": kept.size,
        **{name: manifest.get(name) for name in shown},
    }


def _happened(past: "Promotion") -> dict[str, Any]:
    from json import loads

    return {
        "at": past.at.isoformat(),
        "alias": past.alias,
        "verdict": past.verdict,
        "model": past.model_id,
        "previous": past.previous,
        "reasons": list(past.reasons),
        "report": loads(past.report) if past.report else None,
    }


def _row(one: dict[str, Any]) -> tuple[object, ...]:
    metrics = one["metrics"] or {}
    rows = (one["origin"] or {}).get("rows")
    made = one["created_at"][:16].replace("T", " ")
    return one["id"], one["kind"], made, rows, *_measured(metrics)


def _measured(metrics: dict[str, dict[str, float]]) -> list[str]:
    both = (metrics.get(name) for name in ("ndcg5", "champion_ndcg5"))
    return [f"{one['value']:.3f}" if one else "" for one in both]


def _past(history: list[dict[str, Any]]) -> list[tuple[object, ...]]:
    return [
        (
            *(one["at"][:16].replace("T", " "), one["alias"], one["verdict"]),
            *(one["model"] or RULES, one["previous"] or RULES),
            ", ".join(reason.partition(":")[0] for reason in one["reasons"]),
        )
        for one in history
        if one["alias"] == "champion"
    ]
