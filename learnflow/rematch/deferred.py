"""Deferred acceptance, students proposing (Gale and Shapley 1962), with several slots a tutor.

For when tutors state an order too. Of all matchings that no pair would leave together it gives
every student the best tutor they can have.
"""

import heapq
from collections import deque
from collections.abc import Sequence

Order = Sequence[int]
"""Indices of the other side, best first; whoever is left out is not acceptable."""


def deferred_acceptance(
    students: Sequence[Order], tutors: Sequence[Order], capacity: Sequence[int]
) -> list[int]:
    """The tutor of each student, or -1."""
    rank = [{student: n for n, student in enumerate(order)} for order in tutors]
    matched = [-1] * len(students)
    asked = [0] * len(students)
    kept: list[list[tuple[int, int]]] = [[] for _ in tutors]  # heaps, the least wanted on top
    waiting = deque(range(len(students)))
    while waiting:
        student = waiting.popleft()
        if asked[student] == len(students[student]):
            continue
        tutor = students[student][asked[student]]
        asked[student] += 1
        if student not in rank[tutor]:
            waiting.append(student)
            continue
        heapq.heappush(kept[tutor], (-rank[tutor][student], student))
        matched[student] = tutor
        if len(kept[tutor]) > capacity[tutor]:
            _, refused = heapq.heappop(kept[tutor])
            matched[refused] = -1
            waiting.append(refused)
    return matched


def blocking_pairs(
    matched: Sequence[int],
    students: Sequence[Order],
    tutors: Sequence[Order],
    capacity: Sequence[int],
) -> list[tuple[int, int]]:
    """Pairs (student, tutor) who would both rather have each other than what they have."""
    rank = [{student: n for n, student in enumerate(order)} for order in tutors]
    kept: list[list[int]] = [[] for _ in tutors]
    for student, tutor in enumerate(matched):
        if tutor >= 0:
            kept[tutor].append(rank[tutor].get(student, len(students)))
    pairs = []
    for student, order in enumerate(students):
        for tutor in order:
            if tutor == matched[student]:
                break
            place = rank[tutor].get(student)
            if place is None or not capacity[tutor]:
                continue
            if len(kept[tutor]) < capacity[tutor] or place < max(kept[tutor]):
                pairs.append((student, tutor))
    return pairs
