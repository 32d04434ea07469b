"""Can others take every place a student could have? A bipartite matching with capacities."""

from collections.abc import Sequence

from learnflow.demo.eligibility import Row, eligible


def cannot_be_crowded_out(student: Row, students: Sequence[Row], tutors: Sequence[Row]) -> bool:
    """Whether, however the others are matched, a place stays free with one of their tutors.

    True when the largest matching of the other students leaves a place free among the tutors who
    may teach this one: then no assignment at all can fill them.
    """
    own = [tutor for tutor in tutors if eligible(student, tutor)]
    places: list[int] = [tutor.get("capacity", 3) for tutor in own]
    wishes = [
        [number for number, tutor in enumerate(own) if eligible(other, tutor)]
        for other in students
        if other is not student
    ]
    return _largest_matching(wishes, places) < sum(places)


def _largest_matching(wishes: Sequence[Sequence[int]], places: Sequence[int]) -> int:
    held: list[list[int]] = [[] for _ in places]

    def seat(who: int, tried: set[int]) -> bool:
        for tutor in wishes[who]:
            if tutor in tried:
                continue
            tried.add(tutor)
            if len(held[tutor]) < places[tutor]:
                held[tutor].append(who)
                return True
            for index, other in enumerate(held[tutor]):
                if seat(other, tried):
                    held[tutor][index] = who
                    return True
        return False

    return sum(seat(who, set()) for who in range(len(wishes)))
