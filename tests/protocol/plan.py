"""What people do in one seed: register, change their minds, accept, decline, end, leave."""

import random
from collections.abc import Callable
from typing import Final

from eventing.events import StudentSnapshot, TutorSnapshot
from tests.protocol.students_side import register_student, update_student, withdraw_student
from tests.protocol.tables import StudentsDb, TutorsDb
from tests.protocol.tutors_side import (
    Response,
    change_availability,
    register_tutor,
    respond_to_match,
    withdraw_tutor,
)

Command = Callable[[StudentsDb, TutorsDb], None]

STUDENTS: Final = 8
TUTORS: Final = 4
SUBJECTS: Final = ("mathematics", "physics", "english")


def plan(rng: random.Random) -> list[Command]:
    """Commands in the order they are sent; those of one student or tutor keep their order."""
    threads = [_student(rng, f"s{n}") for n in range(STUDENTS)]
    threads += [_tutor(rng, f"t{n}") for n in range(TUTORS)]
    threads += [[_answer(rng)] for _ in range(rng.randrange(8))]
    late = rng.choice((None, None, *range(STUDENTS, STUDENTS + TUTORS)))
    last = threads.pop(late) if late is not None else []
    order = [thread for thread in threads for _ in thread]
    rng.shuffle(order)
    return [thread.pop(0) for thread in order] + last


def _student(rng: random.Random, student_id: str) -> list[Command]:
    first, *later = [_wish(rng, student_id) for _ in range(rng.choice((1, 1, 2, 3)))]
    commands: list[Command] = [lambda students, _: register_student(students, first)]
    commands += [_update(wish) for wish in later]
    if rng.random() < 0.2:
        commands.append(lambda students, _: withdraw_student(students, student_id))
    return commands


def _update(wish: StudentSnapshot) -> Command:
    return lambda students, _: update_student(students, wish)


def _wish(rng: random.Random, student_id: str) -> StudentSnapshot:
    return StudentSnapshot(
        student_id=student_id,
        version=1,
        grade=rng.choice((4, 9)),
        subject=rng.choice(SUBJECTS),
        languages=rng.choice(((), (), ("en",))),
    )


def _tutor(rng: random.Random, tutor_id: str) -> list[Command]:
    first, *later = [_offer(rng, tutor_id) for _ in range(rng.choice((1, 1, 2, 3, 4)))]
    commands: list[Command] = [lambda _, tutors: register_tutor(tutors, first)]
    commands += [_change(offer) for offer in later]
    if rng.random() < 0.15:
        commands.append(lambda _, tutors: withdraw_tutor(tutors, tutor_id))
    return commands


def _change(offer: TutorSnapshot) -> Command:
    return lambda _, tutors: change_availability(tutors, offer)


def _offer(rng: random.Random, tutor_id: str) -> TutorSnapshot:
    return TutorSnapshot(
        tutor_id=tutor_id,
        version=1,
        subjects=tuple(rng.sample(SUBJECTS, rng.choice((1, 2, 2)))),
        grade_max=rng.choice((6, 12, 12)),
        capacity=rng.choice((1, 1, 2, 3)),
        available=rng.random() < 0.8,
        languages=rng.choice(((), (), ("en",), ("de",))),
    )


def _answer(rng: random.Random) -> Command:
    answer: Response = rng.choice(("accept", "decline", "end"))

    def respond(_: StudentsDb, tutors: TutorsDb) -> None:
        told = [word for word in tutors.notifications.values() if word.kind == "matched"]
        if told:  # of a match that may be over by now
            respond_to_match(tutors, rng.choice(told).match_id or "", answer)

    return respond
