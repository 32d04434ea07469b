-- What was decided and why, month by month, and what became of it; a decline of an older round.

-- One row per match, written with its hold. `shown` is compact JSON: the best candidates in the ranker's
-- order, each with its score and what each part gave (see learnflow/ranking/recording.py). A learned
-- ranker adds its features and propensities there.
CREATE TABLE matches (
  match_id        text NOT NULL,
  student_id      text NOT NULL,
  round           integer NOT NULL,
  student_version integer NOT NULL,
  tutor_id        text NOT NULL,
  decided_at      timestamptz NOT NULL DEFAULT now(),
  ranker          text,                         -- none for a match of before this table
  candidates      integer,                      -- how many were ranked
  place           integer,                      -- of the one chosen; none when a wider look found it
  shown           text,
  PRIMARY KEY (match_id, decided_at)
) PARTITION BY RANGE (decided_at);
CREATE TABLE matches_default PARTITION OF matches DEFAULT;

-- In which month a match is found, and whose it is.
CREATE TABLE match_keys (
  match_id   text PRIMARY KEY,
  decided_at timestamptz NOT NULL DEFAULT now(),
  student_id text NOT NULL,
  round      integer NOT NULL
);

-- What became of a match: each kind once, in whatever order they were heard.
CREATE TABLE outcomes (
  match_id text NOT NULL REFERENCES match_keys ON DELETE CASCADE,
  kind     text NOT NULL
           CONSTRAINT outcomes_kind CHECK (kind IN ('accepted', 'declined', 'ended', 'rated')),
  stars    integer CONSTRAINT outcomes_stars CHECK (stars BETWEEN 1 AND 5),
  reason   text,
  heard_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (match_id, kind)
);

SELECT upkeep_partitions('matches', 25, (now() AT TIME ZONE 'UTC')::date);

-- Matches decided before this table: those still current, and those that the outbox still tells of.
WITH told AS (
  SELECT data::json AS fact, created_at FROM outbox WHERE type = 'org.learnflow.matching.completed.v1'),
known AS (
  SELECT fact->>'match_id' AS match_id, fact->>'student_id' AS student_id, (fact->>'round')::integer AS round,
         (fact->>'student_version')::integer AS student_version, fact->>'tutor_id' AS tutor_id,
         created_at AS decided_at
    FROM told WHERE fact->>'outcome' = 'matched'
  UNION ALL
  SELECT r.match_id, r.student_id, r.round, r.student_version, r.tutor_id, coalesce(h.held_at, now())
    FROM requests r LEFT JOIN holds h USING (student_id, round) WHERE r.match_id IS NOT NULL),
once AS (SELECT DISTINCT ON (match_id) * FROM known ORDER BY match_id, decided_at),
keys AS (
  INSERT INTO match_keys (match_id, decided_at, student_id, round)
  SELECT match_id, decided_at, student_id, round FROM once)
INSERT INTO matches (match_id, student_id, round, student_version, tutor_id, decided_at)
SELECT match_id, student_id, round, student_version, tutor_id, decided_at FROM once;
SELECT upkeep_partitions('matches', 25, (now() AT TIME ZONE 'UTC')::date);

-- Which hard constraint keeps a tutor from a student, the first in the order people would name them;
-- none when the tutor could take the student now. A slot that is the student's own counts as free.
CREATE FUNCTION left_out(r requests, t tutors) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE
    WHEN NOT r.grade BETWEEN t.grade_min AND t.grade_max THEN 'grade'
    WHEN NOT (r.languages = '{}' OR t.languages = '{}' OR r.languages && t.languages) THEN 'languages'
    WHEN NOT (r.times = '{}' OR t.times = '{}' OR r.times && t.times) THEN 'times'
    WHEN t.price_band > r.budget_band THEN 'budget'
    WHEN NOT t.available THEN 'unavailable'
    WHEN NOT has_slot(t) AND NOT (r.state = 'matched' AND r.tutor_id = t.tutor_id) THEN 'no_slot'
    WHEN t.tutor_id = ANY (r.excluded) THEN 'excluded'
  END
$$;

-- As in 0001, but a decline of a round that is over excludes nobody: it changes nothing but the hold (R1).
CREATE OR REPLACE FUNCTION hear_no(p_student text, p_round integer, p_tutor text, p_declined boolean, p_slots_version integer,
                        p_capacity integer, p_available boolean, p_ranked text[])
RETURNS SETOF decision LANGUAGE plpgsql AS $$
DECLARE
  r requests%ROWTYPE;
  wanted text;
  locked text[];
  freed text[];
BEGIN
  locked := subjects_held(p_student, p_round) || (SELECT subjects FROM tutors WHERE tutor_id = p_tutor);
  wanted := (SELECT subject FROM requests WHERE student_id = p_student);
  PERFORM lock_subjects(wanted, locked);
  SELECT * INTO r FROM requests WHERE student_id = p_student FOR UPDATE;
  IF r.subject IS DISTINCT FROM wanted THEN
    RAISE EXCEPTION 'the student''s subject changed meanwhile' USING ERRCODE = '40001';
  END IF;
  IF p_declined THEN
    UPDATE requests SET excluded = array_append(excluded, p_tutor)
     WHERE student_id = p_student AND round = p_round AND state = 'matched' AND NOT p_tutor = ANY (excluded);
  ELSE
    -- Refused by a tutor no newer than when the slot was taken: the index promises slots that are
    -- not there. A capacity that shrank since is no such case.
    UPDATE tutors t SET quarantined = h.slots_version FROM holds h
     WHERE h.student_id = p_student AND h.round = p_round AND t.tutor_id = h.tutor_id
       AND p_slots_version <= h.slots_version;
    UPDATE tutors SET capacity = p_capacity, available = p_available, slots_version = p_slots_version
     WHERE tutor_id = p_tutor AND slots_version < p_slots_version;
    IF EXISTS (SELECT FROM tutors WHERE tutor_id = p_tutor AND NOT subjects <@ locked) THEN
      RAISE EXCEPTION 'the tutor''s subjects changed meanwhile' USING ERRCODE = '40001';
    END IF;
  END IF;
  freed := release_holds(p_student, p_round, locked) || p_tutor;
  IF r.round = p_round AND r.state = 'matched' THEN
    RETURN QUERY SELECT * FROM decide(p_student, p_ranked);
  END IF;
  RETURN QUERY SELECT * FROM wakes(freed);
END $$;

GRANT SELECT, INSERT ON matches, match_keys, outcomes TO matching_app;
