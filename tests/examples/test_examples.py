"""The examples are what their README says, and their outcome does not depend on luck."""

import unicodedata
from collections.abc import Sequence
from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from learnflow.demo.eligibility import eligible
from learnflow.demo.examples import FOLDER, Batch, Body, Examples, ExamplesError, load
from learnflow.forms.student import StudentForm
from learnflow.forms.tutor import TutorForm
from tests.examples.places import cannot_be_crowded_out


@pytest.fixture(scope="module")
def examples() -> Examples:
    return load()


def _taught(students: Sequence[Body], tutors: Sequence[Body]) -> list[Body]:
    return [student for student in students if any(eligible(student, t) for t in tutors)]


def test_every_line_is_a_body_that_registration_accepts(examples: Examples) -> None:
    def refused(batch: Batch, model: type[BaseModel]) -> list[str]:
        found = []
        for number, line in enumerate(batch.file.read_text(encoding="utf-8").splitlines(), 1):
            try:
                model.model_validate_json(line)
            except ValidationError as error:
                found.append(f"{batch.file.name}:{number}: {error}")
        return found

    assert refused(examples.students, StudentForm) == []
    assert refused(examples.tutors, TutorForm) == []
    assert refused(examples.late_tutors, TutorForm) == []


def test_there_is_as_much_and_as_varied_as_a_centre_would_send(examples: Examples) -> None:
    students, tutors = examples.students.bodies, examples.tutors.bodies
    assert len(tutors) >= 60
    assert len(students) >= 240
    assert {student["grade"] for student in students} == set(range(1, 13))
    assert len({subject for tutor in tutors for subject in tutor["subjects"]}) >= 20
    assert sum(set(student) == {"name", "grade", "subject"} for student in students) >= 30
    assert any(set(tutor) == {"name", "subjects"} for tutor in tutors)
    assert any(tutor.get("available") is False for tutor in tutors)
    assert len({tutor.get("capacity", 3) for tutor in tutors}) >= 10


def test_names_come_in_many_scripts_and_are_all_different(examples: Examples) -> None:
    batches = (examples.tutors, examples.students, examples.late_tutors)
    names = [body["name"] for batch in batches for body in batch.bodies]
    letters = {letter for name in names for letter in name if letter.isalpha()}
    scripts = {unicodedata.name(letter).split()[0] for letter in letters}
    assert scripts >= {
        *("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "GEORGIAN", "ARABIC", "HEBREW"),
        *("DEVANAGARI", "BENGALI", "TAMIL", "THAI", "CJK", "HIRAGANA", "HANGUL"),
        *("ETHIOPIC", "MONGOLIAN"),
    }
    assert len(names) == len(set(names))


def test_so_many_are_taught_at_once_so_many_later_and_so_many_never(examples: Examples) -> None:
    students, tutors = examples.students.bodies, examples.tutors.bodies
    at_once = _taught(students, tutors)
    in_the_end = _taught(students, [*tutors, *examples.late_tutors.bodies])
    assert (len(at_once), len(in_the_end), len(students)) == (232, 250, 256)


def test_no_order_of_arrival_leaves_a_teachable_student_without_a_place(examples: Examples) -> None:
    early = _taught(examples.students.bodies, examples.tutors.bodies)
    late = [student for student in examples.students.bodies if student not in early]
    later = _taught(late, examples.late_tutors.bodies)
    assert [s for s in early if not cannot_be_crowded_out(s, early, examples.tutors.bodies)] == []
    for student in later:
        assert cannot_be_crowded_out(student, later, examples.late_tutors.bodies)


def test_each_late_tutor_takes_on_somebody_who_waited(examples: Examples) -> None:
    waiting = [
        student
        for student in examples.students.bodies
        if not any(eligible(student, tutor) for tutor in examples.tutors.bodies)
    ]
    for tutor in examples.late_tutors.bodies:
        assert any(eligible(student, tutor) for student in waiting), tutor


@pytest.mark.parametrize("subject", ["amharic", "hebrew", "chess"])
def test_some_subjects_have_exactly_as_many_places_as_students(
    examples: Examples, subject: str
) -> None:
    tutors = [tutor for tutor in examples.tutors.bodies if subject in tutor["subjects"]]
    wishes = [student for student in examples.students.bodies if student["subject"] == subject]
    assert sum(tutor["capacity"] for tutor in tutors) == len(_taught(wishes, tutors))


def test_the_readme_states_the_counts_of_the_files(examples: Examples) -> None:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    for batch in (examples.tutors, examples.students, examples.late_tutors):
        assert f"| `{batch.file.name}` | {len(batch.bodies)} |" in text


def test_a_line_that_is_not_json_is_named(tmp_path: Path) -> None:
    for name in ("tutors", "students", "late_tutors"):
        (tmp_path / f"{name}.jsonl").write_text('{"name": "x"}\n{"name"\n', encoding="utf-8")
    with pytest.raises(ExamplesError, match=r"tutors\.jsonl, line 2 is not JSON"):
        load(tmp_path)
