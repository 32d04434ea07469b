"""A match explained from the history: why this tutor, who came next, what became of it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from db.matching.history import Filters, Outcome, PastMatch
from learnflow.ranking.ranker import Suggestion, greatest
from learnflow.ranking.recording import Shown, shown

NO_SLOT: Final = "no_slot"
SAME_SCORE: Final = "same_score"
EXPLORED: Final = "explored"
MOST_AGAINST: Final = 1
_COUNTED: Final = ("as_of", "subject", "teaching", "remaining")
Plain = dict[str, Any]


def explained(match: PastMatch, outcomes: Sequence[Outcome], filters: Filters | None) -> Plain:
    """What `MatchView` shows, as plain data."""
    kept = shown(match.shown) if match.shown else Shown((), {})
    chosen = next((one for one in kept.candidates if one.tutor_id == match.tutor_id), None)
    return {
        "match_id": match.match_id,
        "student_id": match.student_id,
        "tutor_id": match.tutor_id,
        "round": match.round,
        "decided_at": match.decided_at,
        "state": state(match, {outcome.kind for outcome in outcomes}),
        "ranker": match.ranker,
        "candidates": match.candidates,
        "place": match.place,
        "score": chosen.score if chosen else None,
        "reasons": _reasons(chosen, kept.most) if chosen else None,
        "runner_up": _runner_up(kept, chosen) if chosen else None,
        "filters": _counts(filters) if filters else None,
        "outcomes": [asdict(outcome) for outcome in outcomes],
    }


def state(match: PastMatch, kinds: Collection[str]) -> str:
    """What the match is now, whatever order its outcomes were heard in."""
    if "ended" in kinds or "declined" in kinds:
        return "ended" if "ended" in kinds else "declined"
    if match.withdrawn:
        return "closed"
    if match.round != match.round_now:
        return "replaced"
    if match.request_state == "closed":  # the end is heard, its outcome not yet
        return "ended"
    if "accepted" in kinds:
        return "accepted"
    return "booked" if match.confirmed else "held"


def _reasons(one: Suggestion, most: Mapping[str, float]) -> Plain:
    """What speaks for a candidate, then what most falls short of what it could give."""
    given = {part.code for part in one.reasons}
    short = {code: most[code] - part for code, part in one.weighed.items() if code in most}
    lost = short | {code: -part for code, part in one.weighed.items() if part < 0}
    against = greatest({code: loss for code, loss in lost.items() if code not in given})
    return {
        "in_favour": [{"code": part.code, "value": part.value} for part in one.reasons],
        "against": [
            {"code": part.code, "value": -(part.value or 0)} for part in against[:MOST_AGAINST]
        ],
    }


def _runner_up(kept: Shown, chosen: Suggestion) -> Plain | None:
    """The best of the others. They are in the order of their places, whatever the chosen's is."""
    others = [one for one in kept.candidates if one is not chosen]
    if not others:
        return None
    best, place = others[0], kept.candidates.index(others[0]) + 1
    return {
        "tutor_id": best.tutor_id,
        "place": place,
        "score": best.score,
        "reasons": _reasons(best, kept.most),
        "decided_by": _difference(chosen, best, ahead=place == 1, explored=kept.explored),
    }


def _difference(
    chosen: Suggestion, other: Suggestion, *, ahead: bool, explored: bool
) -> list[Plain]:
    if ahead:
        return [{"code": NO_SLOT, "value": None}]
    if explored and chosen.score < other.score:
        return [{"code": EXPLORED, "value": None}]
    if chosen.score == other.score:
        return [{"code": SAME_SCORE, "value": None}]
    gained = {code: given - other.weighed[code] for code, given in chosen.weighed.items()}
    return [{"code": part.code, "value": part.value} for part in greatest(gained)]


def _counts(filters: Filters) -> Plain:
    counts = asdict(filters)
    seen = {name: counts.pop(name) for name in _COUNTED}
    return {**seen, "left_out": counts}
