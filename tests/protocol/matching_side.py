"""Operations on matching_db: match_student decides, index_tutor keeps tutors and holds."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from eventing.events import (
    Event,
    MatchDeclined,
    MatchEnded,
    MatchingCompleted,
    MatchingRequested,
    Outcome,
    StudentSnapshot,
    StudentWithdrawn,
    TutorMatched,
    TutorMatchRefused,
    TutorReleased,
    TutorSnapshot,
    TutorWithdrawn,
)
from tests.protocol.rows import Hold, IndexedTutor, Request, fits
from tests.protocol.tables import MatchingDb


def match_student(db: MatchingDb, event: Event) -> None:
    """Decides about a student, or fills a tutor; says matching.completed for each new round."""
    match event:
        case StudentWithdrawn():
            _close(db, event)
        case StudentSnapshot():
            _hear_wish(db, event)
        case MatchingRequested():
            _fill(db, event.tutor_id)
        case TutorMatchRefused():
            _hear_refusal(db, event)
        case MatchDeclined():
            request = db.requests[event.student_id]
            if request.round == event.round or not db.rules.current_only:
                excluded = request.excluded | {event.tutor_id}
                db.requests[event.student_id] = replace(request, excluded=excluded)
            _try_again(db, event, _release(db, event.student_id, event.round))


def index_tutor(db: MatchingDb, event: Event) -> None:
    """Keeps the tutor's newest snapshot, ends holds; wakes whoever waits for what came free."""
    match event:
        case TutorWithdrawn():
            _hear_tutor(db, event.tutor_id, event.version, None)
        case TutorSnapshot():
            _hear_tutor(db, event.tutor_id, event.version, event)
        case TutorMatched():
            key = (event.student_id, event.round)
            if key in db.holds:
                db.holds[key] = replace(db.holds[key], confirmed=True)
            _wake(db, _release(db, event.student_id, event.round - 1))
        case TutorReleased():
            _wake(db, _release(db, event.student_id, event.round))
        case MatchEnded():
            request = db.requests[event.student_id]
            if request.round == event.round:
                db.requests[event.student_id] = replace(request, state="closed")
            _wake(db, _release(db, event.student_id, event.round))


def _hear_wish(db: MatchingDb, wish: StudentSnapshot) -> None:
    known = db.requests.get(wish.student_id)
    if known is None:
        _decide(db, Request(wish.student_id, wish.version, wish, waiting_since=len(db.requests)))
        return
    if wish.version <= known.student_version or known.state == "closed":
        return
    request = replace(known, student_version=wish.version, wish=wish)
    db.requests[wish.student_id] = request
    offer = db.index[known.tutor_id].offer if known.tutor_id else None
    if known.state == "waiting" or (known.state == "matched" and not (offer and fits(wish, offer))):
        _decide(db, request)


def _close(db: MatchingDb, event: StudentWithdrawn) -> None:
    known = db.requests.get(event.student_id)
    if known and event.version <= known.student_version:
        return
    request = known or Request(event.student_id, event.version, None)
    _conclude(db, replace(request, student_version=event.version, wish=None), "closed")


def _hear_refusal(db: MatchingDb, fact: TutorMatchRefused) -> None:
    tutor = db.index[fact.tutor_id]
    hold = db.holds.get((fact.student_id, fact.round))
    promised = hold.tutor_version if hold else -1
    if not db.rules.fair_quarantine:
        promised = tutor.limits_version
    if fact.tutor_version > tutor.limits_version:
        tutor = replace(
            tutor,
            version=tutor.version if db.rules.own_limits else fact.tutor_version,
            limits_version=fact.tutor_version,
            capacity=fact.capacity,
            available=fact.available,
        )
    elif fact.tutor_version <= promised:
        tutor = replace(tutor, quarantined_version=promised)
        db.quarantines += 1
    db.index[fact.tutor_id] = tutor
    _try_again(db, fact, _release(db, fact.student_id, fact.round) | {fact.tutor_id})


def _try_again(db: MatchingDb, fact: TutorMatchRefused | MatchDeclined, freed: set[str]) -> None:
    request = db.requests[fact.student_id]
    if request.state == "matched" and request.round == fact.round:
        _decide(db, request)
    _wake(db, freed)


def _hear_tutor(db: MatchingDb, tutor_id: str, version: int, offer: TutorSnapshot | None) -> None:
    known = db.index.get(tutor_id)
    if known and version <= known.version:
        return
    limits = (version, offer.capacity if offer else 0, offer.available if offer else False)
    if known and known.limits_version > version:
        limits = (known.limits_version, known.capacity, known.available)
    quarantine = known.quarantined_version if known else None
    db.index[tutor_id] = IndexedTutor(tutor_id, version, offer, *limits, quarantine)
    _wake(db, {tutor_id})


def _fill(db: MatchingDb, tutor_id: str) -> None:
    for request in sorted(db.requests.values(), key=lambda request: request.waiting_since):
        if request.state == "waiting" and tutor_id in _candidates(db, request):
            _conclude(db, request, "matched", tutor_id)


def _decide(db: MatchingDb, request: Request) -> None:
    candidates = _candidates(db, request)
    if candidates:
        _conclude(db, request, "matched", candidates[0])
    elif request.state != "waiting":
        _conclude(db, request, "waiting")


def _conclude(
    db: MatchingDb, request: Request, outcome: Outcome, tutor_id: str | None = None
) -> None:
    student_id, round_ = request.student_id, request.round + 1
    match_id = f"{student_id}-{round_}" if tutor_id else None
    if not db.rules.facts_release:
        _wake(db, _release(db, student_id, request.round))
    if tutor_id and match_id:
        version = db.index[tutor_id].limits_version
        db.holds[student_id, round_] = Hold(student_id, round_, match_id, tutor_id, version)
    db.requests[student_id] = replace(
        request, round=round_, state=outcome, match_id=match_id, tutor_id=tutor_id
    )
    db.say(
        MatchingCompleted(
            student_id=student_id,
            round=round_,
            outcome=outcome,
            student_version=request.student_version,
            match_id=match_id,
            tutor_id=tutor_id,
        )
    )


def _candidates(db: MatchingDb, request: Request) -> list[str]:
    held = Counter(hold.tutor_id for hold in db.holds.values())
    return sorted(
        tutor.tutor_id
        for tutor in db.index.values()
        if tutor.available
        and tutor.capacity > held[tutor.tutor_id]
        and not tutor.quarantined
        and tutor.tutor_id not in request.excluded
        and request.wish
        and tutor.offer
        and fits(request.wish, tutor.offer)
    )


def _release(db: MatchingDb, student_id: str, through: int) -> set[str]:
    first = 1 if db.rules.older_released else through
    gone = [key for key in db.holds if key[0] == student_id and first <= key[1] <= through]
    return {db.holds.pop(key).tutor_id for key in gone}


def _wake(db: MatchingDb, tutor_ids: Iterable[str]) -> None:
    for tutor_id in sorted(tutor_ids) if db.rules.wakeups else ():
        for request in db.requests.values():
            if request.state == "waiting" and tutor_id in _candidates(db, request):
                version = db.index[tutor_id].limits_version
                db.say(MatchingRequested(tutor_id=tutor_id, version=version))
                break
