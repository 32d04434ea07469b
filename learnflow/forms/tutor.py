"""What a tutor fills in: the whole offer once, later what changes from week to week."""

from typing import Any, Final, Self

from pydantic import ConfigDict, model_validator

from learnflow.runtime import Wish, fields

_GRADES_IN_ORDER: Final[dict[str, Any]] = {
    "anyOf": [
        {"properties": {"grade_min": {"maximum": grade}, "grade_max": {"minimum": grade}}}
        for grade in range(1, 13)
    ]
}
"""That some grade is taught, as JSON Schema says it."""


class TutorForm(Wish):
    """Who teaches what; all but the first two may be left out."""

    model_config = ConfigDict(json_schema_extra=_GRADES_IN_ORDER)

    name: fields.PersonName
    subjects: fields.Subjects
    grade_min: fields.Grade = 1
    grade_max: fields.Grade = 12
    capacity: fields.Capacity = 3
    available: bool = True
    times: fields.Times = ()
    languages: fields.Languages = ()
    price_band: fields.Band | None = None
    experience_years: fields.ExperienceYears | None = None
    goals: fields.Goals = ()

    @model_validator(mode="after")
    def _grades_in_order(self) -> Self:
        if self.grade_min > self.grade_max:
            raise ValueError("grade_min is above grade_max")
        return self


class AvailabilityForm(Wish):
    """Whether a tutor takes new students, how many in all, and at which hours of the week."""

    available: bool
    capacity: fields.Capacity
    times: fields.Times
