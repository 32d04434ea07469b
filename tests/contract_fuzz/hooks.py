"""What Schemathesis is told about LearnFlow, loaded by it in its own process.

Every call is written to the file LEARNFLOW_FUZZ_CALLS names, one JSON line each. What is dropped of
its findings is dropped here and nowhere else, each with its reason.
"""

import copy
import json
import os
import threading
import unicodedata
from itertools import count
from typing import Any, Final

import jsonschema
import schemathesis
from schemathesis import Case, HookContext, Response
from schemathesis.core.failures import AcceptedNegativeData, Failure
from schemathesis.generation.meta import TestPhase
from schemathesis.openapi.checks import RejectedPositiveData

DRAWN_NAME: Final = "^[A-Za-zÀ-ÖØ-öא-תа-я '’.-]*[A-Za-zÀ-Öא-ת][A-Za-zÀ-Öא-ת '’.-]*$"
"""Names to draw from. The published pattern excludes ranges of a million characters, and a string
of 200 of the rest takes a minute to draw; test_names.py sends what this leaves out."""
STUDENT: Final[dict[str, Any]] = {
    "subject": "latin",
    "times": [],
    "languages": [],
    "budget_band": None,
}
TUTOR: Final[dict[str, Any]] = {
    "subjects": ["latin"], "grade_min": 1, "grade_max": 12, "available": True, "capacity": 1,
    "times": [], "languages": [],
}  # fmt: skip
MATCHABLE: Final[dict[str, dict[str, Any]]] = {
    "POST /api/students": STUDENT,
    "POST /api/tutors": TUTOR,
}
AnyCase = Case[Any]
KEY: Final = "Idempotency-Key"
_calls: Final = open(os.environ["LEARNFLOW_FUZZ_CALLS"], "a", encoding="utf-8")  # noqa: SIM115
_writing: Final = threading.Lock()
_numbers: Final = count()
_RUN: Final = os.urandom(4).hex()
_published: Final[dict[str, Any]] = {}


@schemathesis.hook
def before_load_schema(context: HookContext, raw_schema: dict[str, Any]) -> None:
    """Names are drawn from a small alphabet."""
    _published.update(copy.deepcopy(raw_schema))
    for schema in raw_schema["components"]["schemas"].values():
        name = schema.get("properties", {}).get("name", {})
        if "pattern" in name:
            name["pattern"] = DRAWN_NAME


@schemathesis.hook
def before_call(context: HookContext, case: AnyCase, kwargs: dict[str, Any]) -> None:
    """A good key is a new key: with the key of another payload every call would be refused.

    Sequences of calls are about people who can be matched, or they would rarely meet a match.
    """
    headers: dict[str, Any] = dict(case.headers or {})
    key = headers.get(KEY)
    if isinstance(key, str) and 0 < len(key) <= 255 and all("!" <= one <= "~" for one in key):
        case.headers[KEY] = f"{key[:200]}-{_RUN}-{next(_numbers)}"
    if _is_sound_sequence(case) and isinstance(case.body, dict) and next(_numbers) % 4:
        case.body.update(MATCHABLE.get(case.operation.label, {}))


def _is_sound_sequence(case: AnyCase) -> bool:
    meta = case.meta
    stateful = meta is not None and meta.phase.name is TestPhase.STATEFUL
    return stateful and meta is not None and meta.generation.mode.is_positive


@schemathesis.hook
def after_call(context: HookContext, case: AnyCase, response: Response) -> None:
    """Note what was asked and answered."""
    _note(case, response.status_code, _created(response))


@schemathesis.hook
def after_network_error(context: HookContext, case: AnyCase, request: Any) -> None:
    """Note what was never answered."""
    _note(case, None, None)


@schemathesis.hook
def filter_failure(
    context: HookContext, failure: Failure, case: AnyCase, response: Response
) -> bool:
    """False for what is no fault of the API."""
    if isinstance(failure, RejectedPositiveData):
        return not _beyond_json_schema(case, response)
    if isinstance(failure, AcceptedNegativeData):
        return not _is_ignored(case, failure) and not _is_published_as_good(case)
    return True


def _beyond_json_schema(case: AnyCase, response: Response) -> bool:
    """Whether all that is wrong is what JSON Schema cannot say."""
    errors = _json(response).get("errors", [])
    return bool(errors) and all(_is_beyond(one["where"], one["what"], case.body) for one in errors)


def _is_beyond(where: str, what: str, body: Any) -> bool:
    if where == "/cursor":  # opaque: good is only what an answer gave
        return True
    if what == "grade_min is above grade_max":
        return True
    field = body.get(where[1:]) if isinstance(body, dict) else None
    return isinstance(field, float) and field.is_integer()  # 7.0 is an integer there, not here


def _is_ignored(case: AnyCase, failure: Failure) -> bool:
    """Whether what is bad is what HTTP ignores: unknown headers, and an empty Last-Event-ID."""
    unknown = "in header - object with unexpected properties" in failure.message
    headers: dict[str, Any] = dict(case.headers or {})
    empty = "Last-Event-ID" in failure.message and headers.get("Last-Event-ID") == ""
    return unknown or empty


def _is_published_as_good(case: AnyCase) -> bool:
    """Whether only the small alphabet of names, or blanks around one, made this body a bad one.

    A name is measured as it is kept: trimmed and composed.
    """
    body = _published["paths"].get(case.operation.path, {}).get(case.method.lower(), {})
    content = body.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None or not isinstance(case.body, dict) or "name" not in case.body:
        return False
    schema = {**content["schema"], "components": _published["components"]}
    kept = unicodedata.normalize("NFC", str(case.body["name"])).strip()
    body_kept = {**case.body, "name": kept} if isinstance(case.body["name"], str) else case.body
    return jsonschema.Draft202012Validator(schema).is_valid(body_kept)


def _created(response: Response) -> str | None:
    content = _json(response) if response.status_code == 201 else {}
    return next(
        (content[f"{kind}_id"] for kind in ("student", "tutor") if f"{kind}_id" in content), None
    )


def _json(response: Response) -> dict[str, Any]:
    try:
        content = response.json()
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _note(case: AnyCase, status: int | None, created: str | None) -> None:
    phase = case.meta.phase.name.value if case.meta else ""
    line = {
        "operation": case.operation.label,
        "method": case.method,
        "phase": phase,
        "status": status,
        "created": created,
    }
    with _writing:
        _calls.write(json.dumps(line) + "\n")
        _calls.flush()
