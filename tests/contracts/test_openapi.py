"""docs/openapi.json is valid OpenAPI and describes exactly the functions there are."""

import json
from typing import Any

import pytest
import yaml
from openapi_spec_validator import OpenAPIV31SpecValidator
from pydantic import BaseModel

from learnflow.contracts.published import OPENAPI, ROOT
from learnflow.manifests import read_system
from learnflow.runtime.inputs import WITH_BODY
from learnflow.runtime.load import load_function
from learnflow.runtime.operation import Operation
from learnflow.runtime.preconditions import if_match_field
from tests.contracts.published import Described, document, faults, operations, resolved

ALL = list(operations())
EACH = pytest.mark.parametrize("said", ALL, ids=lambda said: said.id)


def operation(said: Described) -> Operation:
    """The real one."""
    name = said.id.removesuffix("_by_query")
    return load_function(ROOT / "functions", name).operation


def read(said: Described, where: dict[str, str], body: dict[str, Any]) -> BaseModel:
    """The input as the real model reads it."""
    model = operation(said).model
    assert model is not None
    headed = if_match_field(model)
    versions = {headed: '"v1"'} if headed else {}
    if said.method in WITH_BODY:
        return model.model_validate_json(json.dumps({**where, **versions, **body}))
    return model.model_validate_strings({**where, **versions})


def test_the_document_is_valid() -> None:
    OpenAPIV31SpecValidator(document()).validate()


def test_tools_that_read_it_as_yaml_read_the_same() -> None:
    assert yaml.load(OPENAPI.read_text("utf-8"), yaml.CSafeLoader) == document()


def test_it_describes_every_route_of_the_manifests_and_no_other() -> None:
    routes = {
        (route.method, route.path)
        for function in read_system(ROOT).functions.values()
        for route in function.routes
    }
    assert {(said.method, said.path) for said in ALL} == routes


def test_it_has_no_event_handlers_and_no_host() -> None:
    kinds = {operation(said).kind for said in ALL}
    assert kinds == {"command", "query", "stream"}
    assert [server["url"] for server in document()["servers"]] == ["/"]


@EACH
def test_an_operation_says_what_it_is(said: Described) -> None:
    assert said.said["summary"] in said.said["description"]
    (tag,) = said.said["tags"]
    (described,) = (one["description"] for one in document()["tags"] if one["name"] == tag)
    assert f"{operation(said).database}_db" in described


@EACH
def test_a_path_has_a_parameter_for_each_name_in_it(said: Described) -> None:
    assert set(said.parameters("path")) == {
        part[1:-1] for part in said.path.split("/") if part.startswith("{")
    }
    assert all(one["required"] for one in said.parameters("path").values())


@EACH
def test_headers_are_those_that_its_kind_looks_at(said: Described) -> None:
    real = operation(said)
    wanted = {"traceparent"}
    wanted |= {"Idempotency-Key"} if real.kind == "command" else set()
    wanted |= {"Last-Event-ID"} if real.kind == "stream" else set()
    wanted |= {"If-Match"} if real.model and if_match_field(real.model) else set()
    assert set(said.parameters("header")) == wanted


@EACH
def test_every_example_of_its_input_is_taken_by_schema_and_model(said: Described) -> None:
    given = {n: p["example"] for w in ("path", "query") for n, p in said.parameters(w).items()}
    given.pop("last_event_id", None)
    bodies = [one["value"] for one in (said.body or {}).get("examples", {}).values()]
    for body in bodies or [{}]:
        where = {
            name: str(value).lower() if isinstance(value, bool) else str(value)
            for name, value in given.items()
        }
        read(said, where, body)
        assert said.body is None or faults(said.body["schema"], body) == []
    for place in ("path", "query", "header"):
        for parameter in said.parameters(place).values():
            assert faults(parameter["schema"], parameter["example"]) == []


@EACH
def test_every_example_of_its_answers_is_of_their_schema(said: Described) -> None:
    for status, response in said.said["responses"].items():
        for media, content in resolved(response).get("content", {}).items():
            if media != "text/event-stream":
                assert faults(content["schema"], content["example"]) == []
                refused = status >= "400"
                assert media == ("application/problem+json" if refused else "application/json")


@EACH
def test_its_fields_all_come_from_somewhere(said: Described) -> None:
    model = operation(said).model
    assert model is not None
    named = {*said.parameters("path"), *said.parameters("query")} - {"last_event_id"}
    body = resolved(said.body["schema"])["properties"] if said.body else {}
    assert not named & set(body)
    assert {*named, *body} == set(model.model_fields) - {if_match_field(model)}


def test_links_lead_to_operations_by_parameters_these_have() -> None:
    by_id = {said.id: said for said in ALL}
    for said in ALL:
        for response in said.good.values():
            for link in response.get("links", {}).values():
                target = by_id[link["operationId"]]
                for name in link["parameters"]:
                    where, _, parameter = name.partition(".")
                    assert parameter in target.parameters(where)


def test_a_new_student_leads_to_all_that_can_be_done_with_students() -> None:
    created = next(said for said in ALL if said.id == "register_student")
    links = set(created.good["201"]["links"])
    assert links >= {"find_student", "update_student", "withdraw_student", "watch_student"}
    found = next(said for said in ALL if said.id == "find_student")
    assert set(found.good["200"]["links"]) >= {"rate_match", "respond_to_match", "explain_match"}
