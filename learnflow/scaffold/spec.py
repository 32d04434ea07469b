"""What a specification may say: functions of the four kinds, and the events that are new."""

import keyword
import re
from functools import partial
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator, model_validator

from learnflow.manifests.kinds import DATABASES
from learnflow.scaffold.field_types import FACTS, INPUTS, SHOWN, FieldType, parse

OWN: Final = {"student-api": "student", "tutor-api": "tutor"}
"""Whom a service registers, and so can tell whether an id is known."""
_PARAMETER: Final = re.compile(r"\{([a-z_]+)\}")
_NAMED: Final = re.compile(r"(?<!:):([a-z_][a-z0-9_]*)")
Service = Literal["student-api", "tutor-api", "matching-service"]


def _no_keyword(name: str) -> str:
    if keyword.iskeyword(name):
        raise ValueError(f"{name} is a word of Python's")
    return name


def _sql(text: str) -> str:
    if '"""' in text or "\\" in text or "$" in text:
        raise ValueError('holds no """, \\ or $: write parameters as :name')
    return text.strip()


Name = Annotated[str, Field(pattern=r"^[a-z]+(_[a-z0-9]+)+$", max_length=40)]
Field_ = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$"), AfterValidator(_no_keyword)]
Topic = Annotated[str, Field(pattern=r"^[a-z]+(\.[a-z]+)+$", max_length=60)]
Sql = Annotated[str, AfterValidator(_sql)]
Text = Annotated[str, Field(pattern=r'^[^"\\\n]+[.]$', max_length=85)]
_PATH = r"/api(/([a-z][a-z-]*|\{[a-z_]+\}))+"
Looked = Annotated[str, Field(pattern=rf"^GET {_PATH}$")]
Changed = Annotated[str, Field(pattern=rf"^(POST|PUT|DELETE) {_PATH}$")]
Input = Annotated[FieldType, PlainValidator(partial(parse, known=INPUTS))]
Fact = Annotated[FieldType, PlainValidator(partial(parse, known=FACTS))]
Shown = Annotated[FieldType, PlainValidator(partial(parse, known=SHOWN))]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class _Function(_Part):
    name: Name
    service: Service
    summary: Text
    sql: Sql | None = None
    returns: tuple[Field_, ...] = ()
    says: tuple[Topic, ...] = ()
    hears: tuple[Topic, ...] = ()
    route: str = ""
    takes: dict[Field_, Input] = {}
    lacks: ClassVar[frozenset[str]]

    @property
    def database(self) -> str:
        """The short name of the service's database."""
        return DATABASES[self.service]

    @property
    def model(self) -> str:
        """The name of the input model: CountWaiting."""
        return "".join(part.title() for part in self.name.split("_"))

    @property
    def path_ids(self) -> tuple[str, ...]:
        """The parameters of the route."""
        return tuple(_PARAMETER.findall(self.route))

    @property
    def known_id(self) -> str | None:
        """The parameter of the route that the service itself gave out."""
        own = f"{OWN.get(self.service)}_id"
        return own if own in self.path_ids else None

    @property
    def noun(self) -> str:
        """What is not there when nothing is found."""
        return self.path_ids[-1].removesuffix("_id") if self.path_ids else "thing"

    @property
    def parameters(self) -> tuple[str, ...]:
        """What the query asks for, in the order of its first use."""
        return tuple(dict.fromkeys(_NAMED.findall(self.sql or "")))

    @property
    def numbered_sql(self) -> str:
        """The query as Postgres reads it."""
        places = {name: number for number, name in enumerate(self.parameters, 1)}
        return _NAMED.sub(lambda found: f"${places[found[1]]}", self.sql or "")

    @model_validator(mode="after")
    def _fits(self) -> Any:
        if strange := sorted(self.lacks & self.model_fields_set):
            raise ValueError(f"a {type(self).__name__.lower()} has no {strange[0]}")
        if self.returns and not self.sql:
            raise ValueError("returns names columns of sql, which is not given")
        if missing := [one for one in self.path_ids if one not in self.takes]:
            raise ValueError(f"takes must hold the route's {', '.join(missing)}")
        strange = [one for one in self.parameters if one not in self.takes]
        if self.route and strange:
            allowed = ", ".join(self.takes) or "nothing is taken"
            raise ValueError(f"sql asks for :{strange[0]}; takes has: {allowed}")
        return self


def _known_or(self: _Function, otherwise: bool, what: str) -> None:
    """Every answer to an unknown id is 404: somebody has to know it."""
    if self.path_ids and not otherwise and self.known_id is None:
        mine = f"{OWN[self.service]}_id" if self.service in OWN else "no id"
        raise ValueError(f"{self.service} can check {mine} in a route; for {self.noun}_id {what}")


class Command(_Function):
    """Changes something: an optional query, then what it says."""

    kind: Literal["command"]
    lacks = frozenset({"hears"})
    route: Changed
    demand: Literal["rare", "usual"] = "rare"

    @model_validator(mode="after")
    def _does_something(self) -> Any:
        if not self.sql and not self.says:
            raise ValueError("a command has sql, or says something, or both")
        _known_or(self, bool(self.returns), "sql must return a column of a known one (returns)")
        return self


class Query(_Function):
    """Only looks: one row, or a list of them under the key `list`."""

    kind: Literal["query"]
    lacks = frozenset({"hears", "says", "returns"})
    route: Looked
    sql: Sql
    shows: Annotated[dict[Field_, Shown], Field(min_length=1)]
    list: Field_ | None = None

    @model_validator(mode="after")
    def _finds(self) -> Any:
        if self.route.endswith("/events"):
            raise ValueError("a route that ends in /events is a stream's")
        _known_or(self, self.list is None, "leave list out")
        return self


class Reaction(_Function):
    """Answers events: an optional query, then what it says."""

    kind: Literal["reaction"]
    lacks = frozenset({"route", "takes"})
    hears: Annotated[tuple[Topic, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _does_something(self) -> Any:
        if not self.sql and not self.says:
            raise ValueError("a reaction has sql, or says something, or both")
        return self


class Stream(_Function):
    """Shows a recipient's notifications as they come."""

    kind: Literal["stream"]
    lacks = frozenset({"hears", "says", "sql", "returns"})
    service: Literal["student-api", "tutor-api"]
    route: Annotated[Looked, Field(pattern=r"/events$")]

    @model_validator(mode="after")
    def _whose(self) -> Any:
        if self.path_ids != (f"{OWN[self.service]}_id",):
            raise ValueError(
                f"the route of this stream has {{{OWN[self.service]}_id}} and no other"
            )
        return self


Function = Annotated[Command | Query | Reaction | Stream, Field(discriminator="kind")]


class NewEvent(_Part):
    """A fact that does not exist yet: its topic, the field that is its key, its fields."""

    topic: Topic
    summary: Text
    key: Literal["student_id", "tutor_id"]
    fields: Annotated[dict[Field_, Fact], Field(min_length=2)]

    @property
    def name(self) -> str:
        """The class: LessonRequested."""
        return "".join(part.title() for part in self.topic.split("."))

    @model_validator(mode="after")
    def _may_be_said(self) -> Any:
        if self.key not in self.fields:
            raise ValueError(f"fields must hold the key, {self.key}: Id")
        if not {"version", "round"} & self.fields.keys():
            raise ValueError("fields must hold version: Version or round: Round, to order by")
        if optional := [name for name, kind in self.fields.items() if kind.optional]:
            raise ValueError(f"{optional[0]} is optional; a new event's fields are all required")
        return self


class Spec(_Part):
    """A whole file."""

    functions: Annotated[tuple[Function, ...], Field(min_length=1)]
    events: tuple[NewEvent, ...] = ()
