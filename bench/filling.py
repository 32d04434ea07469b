"""Filling tables quickly: one statement for many rows, with ids that Python can name too."""

import hashlib
from typing import Final


def student_id(number: int) -> str:
    """The id of a filled student: scattered over the index as random ids are."""
    return _id("s", number)


def tutor_id(number: int) -> str:
    """The id of a filled tutor."""
    return _id("t", number)


def match_id(number: int) -> str:
    """The id of a filled match."""
    return _id("m", number)


def event_id(function: str, number: int) -> str:
    """The id of an event that this function hears."""
    return _id(function, number)


STUDENTS: Final = """
INSERT INTO students (student_id, name, grade, subject)
SELECT md5('s' || n), 'Ada Lovelace', 7, 'mathematics' FROM generate_series({first}, {last}) n
"""
"""Students as registered, and not matched yet."""

MATCHED: Final = """
WITH added AS (
  INSERT INTO students (student_id, name, grade, subject, state, round, stage, match_id, tutor_id,
                        reasons, last_seq)
  SELECT md5('s' || n), 'Ada Lovelace', 7, 'mathematics', 'matched', 1, 2, md5('m' || n),
         md5('t' || n % 60), '[]', 1 FROM generate_series({first}, {last}) n
  RETURNING student_id, tutor_id, match_id)
INSERT INTO notifications (recipient_id, seq, round, kind, data)
SELECT student_id, 1, 1, 'matched', json_build_object('student_id', student_id, 'round', 1,
       'match_id', match_id, 'tutor_id', tutor_id)::text FROM added
"""
"""Students whose story is over: registered, matched and told."""

FACTS: Final = """
INSERT INTO outbox (event_id, type, topic, key, data, traceparent, published_at)
SELECT md5('e' || n), 'org.learnflow.student.registered.v1', 'student.registered', md5('s' || n),
       json_build_object('student_id', md5('s' || n), 'version', 1, 'grade', 7,
                         'subject', 'mathematics', 'times', '[]'::json, 'languages', '[]'::json,
                         'goals', '[]'::json)::text,
       '00-' || md5('r' || n) || '-' || left(md5('p' || n), 16) || '-01', {published}
  FROM generate_series({first}, {last}) n
"""
"""What registering these students said; `published` is now(), or NULL for the relay to find."""

TEACHING: Final = """
INSERT INTO tutors (tutor_id, name, subjects, capacity)
SELECT md5('t' || n), 'Emmy Noether', '{{mathematics}}', 1000000 FROM generate_series(0, 59) n
"""
"""Tutors of tutors_db who never run out of slots."""

OFFERS: Final = """
INSERT INTO tutors (tutor_id, version, slots_version, subjects, grade_min, grade_max, capacity,
                    available)
SELECT md5('t' || n), 1, 1, '{{mathematics}}', 1, 12, 1000000, true FROM generate_series(0, 59) n
"""
"""The same tutors in matching's index."""

TEACHERS: Final = """
INSERT INTO tutors (tutor_id, version, slots_version, subjects, grade_min, grade_max, capacity,
                    available, experience_years)
SELECT md5('t' || n), 1, 1, '{{mathematics}}', 1 + n % 5, 8 + n % 5, 1000, true, n % 30
  FROM generate_series({first}, {last}) n
"""
"""Tutors of matching's index, all of whom could take the students of grade 7."""

MONTHS: Final = """
INSERT INTO matches (match_id, student_id, round, student_version, tutor_id, decided_at)
SELECT 'month' || n, '', 1, 1, '', now() - n * interval '29 days' FROM generate_series(1, 13) n;
SELECT upkeep_partitions('matches', 25, (now() AT TIME ZONE 'UTC')::date);
DELETE FROM matches
"""
"""A partition for each of the last twelve months."""

HISTORY: Final = """
WITH ids AS (
  SELECT md5('m' || n) AS match_id, md5('s' || n) AS student_id, md5('t' || n % 60) AS tutor_id,
         now() - n % 360 * interval '1 day' AS decided_at FROM generate_series({first}, {last}) n),
decided AS (
  INSERT INTO matches (match_id, student_id, round, student_version, tutor_id, decided_at, ranker,
                       candidates, place)
  SELECT match_id, student_id, 1, 1, tutor_id, decided_at, 'rules', 60, 1 FROM ids),
keys AS (
  INSERT INTO match_keys (match_id, decided_at, student_id, round)
  SELECT match_id, decided_at, student_id, 1 FROM ids),
asked AS (
  INSERT INTO requests (student_id, student_version, round, state, match_id, tutor_id, grade,
                        subject)
  SELECT student_id, 1, 1, 'matched', match_id, tutor_id, 7, 'mathematics' FROM ids)
INSERT INTO holds (student_id, round, match_id, tutor_id, slots_version, confirmed, held_at)
SELECT student_id, 1, match_id, tutor_id, 1, true, decided_at FROM ids
"""
"""Matches of the last year, each held and confirmed."""

OUTCOMES: Final = """
ALTER TABLE outcomes DISABLE TRIGGER outcomes_count;
INSERT INTO outcomes (match_id, kind)
SELECT md5('m' || n), 'accepted' FROM generate_series({first}, {last}) n;
ALTER TABLE outcomes ENABLE TRIGGER outcomes_count
"""
"""Each of those matches was accepted; nobody counts thousands of one tutor in one transaction."""


def _id(kind: str, number: int) -> str:
    return hashlib.md5(f"{kind}{number}".encode(), usedforsecurity=False).hexdigest()
