-- matching_db: who asks, who teaches, and which slots are held (protocol R1-R3).
-- Lock order everywhere: subject (advisory) -> request -> tutor.

CREATE TABLE requests (
  student_id      text PRIMARY KEY,
  student_version integer NOT NULL,
  round           integer NOT NULL DEFAULT 0,
  state           text NOT NULL DEFAULT 'new'
                  CONSTRAINT requests_state CHECK (state IN ('new', 'matched', 'waiting', 'closed')),
  match_id        text,
  tutor_id        text,
  waiting_since   timestamptz NOT NULL DEFAULT clock_timestamp(),
  grade           integer,
  subject         text,
  times           text[] NOT NULL DEFAULT '{}',
  languages       text[] NOT NULL DEFAULT '{}',
  budget_band     integer,
  goals           text[] NOT NULL DEFAULT '{}',
  excluded        text[] NOT NULL DEFAULT '{}'
);
CREATE INDEX requests_waiting ON requests (subject, waiting_since) WHERE state = 'waiting';

CREATE TABLE tutors (
  tutor_id         text PRIMARY KEY,
  version          integer NOT NULL,            -- of the newest full snapshot
  slots_version    integer NOT NULL,            -- of the newest capacity and available (a refusal may be newer)
  quarantined      integer,                     -- refused at this slots_version, which promised a slot
  subjects         text[] NOT NULL,
  grade_min        integer NOT NULL,
  grade_max        integer NOT NULL,
  capacity         integer NOT NULL,
  held             integer NOT NULL DEFAULT 0 CONSTRAINT tutors_held CHECK (held >= 0),
  available        boolean NOT NULL,
  times            text[] NOT NULL DEFAULT '{}',
  languages        text[] NOT NULL DEFAULT '{}',
  price_band       integer,
  experience_years integer,
  goals            text[] NOT NULL DEFAULT '{}'
);
-- Not "AND held < capacity": then each hold would write the index anew, and each search read it all.
CREATE INDEX tutors_open ON tutors USING gin (subjects) WHERE available;

CREATE TABLE holds (
  student_id text NOT NULL,
  round      integer NOT NULL,
  match_id   text NOT NULL,
  tutor_id   text NOT NULL,
  slots_version integer NOT NULL,               -- the tutor's, when the slot was taken
  confirmed  boolean NOT NULL DEFAULT false,
  held_at    timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (student_id, round)
);
CREATE INDEX holds_unconfirmed ON holds (held_at) WHERE NOT confirmed;

CREATE FUNCTION subject_lock(p_subject text) RETURNS bigint LANGUAGE sql IMMUTABLE AS
$$ SELECT hashtextextended(p_subject, 7102) $$;

-- Shared for one who may conclude "waiting", exclusive for each subject whose capacity may grow.
CREATE FUNCTION lock_subjects(p_shared text, p_exclusive text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE s record;
BEGIN
  FOR s IN
    SELECT subject, bool_or(excl) AS excl FROM (
      SELECT p_shared AS subject, false AS excl WHERE p_shared IS NOT NULL
      UNION ALL SELECT unnest(p_exclusive), true) wanted
    GROUP BY subject ORDER BY subject_lock(subject)
  LOOP
    IF s.excl THEN PERFORM pg_advisory_xact_lock(subject_lock(s.subject));
    ELSE PERFORM pg_advisory_xact_lock_shared(subject_lock(s.subject)); END IF;
  END LOOP;
END $$;

-- The hard constraints between one student and one tutor, slots aside.
CREATE FUNCTION suits(r requests, t tutors) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT r.subject = ANY (t.subjects) AND r.grade BETWEEN t.grade_min AND t.grade_max
     AND (r.languages = '{}' OR t.languages = '{}' OR r.languages && t.languages)
     AND (r.times = '{}' OR t.times = '{}' OR r.times && t.times)
     AND (r.budget_band IS NULL OR t.price_band IS NULL OR t.price_band <= r.budget_band)
     AND NOT t.tutor_id = ANY (r.excluded)
$$;

CREATE FUNCTION has_slot(t tutors) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT t.available AND t.held < t.capacity AND (t.quarantined IS NULL OR t.quarantined < t.slots_version)
$$;

CREATE TYPE decision AS (said text, student_id text, round integer, student_version integer,
                         match_id text, tutor_id text, tutor_version integer);

CREATE FUNCTION hold_slot(r requests, p_tutor text) RETURNS decision LANGUAGE plpgsql AS $$
DECLARE
  d decision;
  match text := replace(gen_random_uuid()::text, '-', '');
BEGIN
  WITH taken AS (UPDATE tutors SET held = held + 1 WHERE tutor_id = p_tutor RETURNING slots_version)
  INSERT INTO holds (student_id, round, match_id, tutor_id, slots_version)
  SELECT r.student_id, r.round + 1, match, p_tutor, slots_version FROM taken;
  UPDATE requests SET round = r.round + 1, state = 'matched', match_id = match, tutor_id = p_tutor
   WHERE student_id = r.student_id;
  d := ('matched', r.student_id, r.round + 1, r.student_version, match, p_tutor, NULL);
  RETURN d;
END $$;

-- Hold the first ranked tutor that still has a slot, else anyone eligible, else wait.
-- The caller has locked the subject (shared) and the request.
CREATE FUNCTION decide(p_student text, p_ranked text[]) RETURNS SETOF decision LANGUAGE plpgsql AS $$
DECLARE
  r requests%ROWTYPE;
  chosen text;
BEGIN
  SELECT * INTO STRICT r FROM requests WHERE student_id = p_student;
  SELECT t.tutor_id INTO chosen
    FROM unnest(p_ranked) WITH ORDINALITY AS c(tutor_id, place) JOIN tutors t USING (tutor_id)
   WHERE has_slot(t) AND suits(r, t) ORDER BY c.place LIMIT 1 FOR UPDATE OF t SKIP LOCKED;
  IF chosen IS NULL THEN  -- conclude only from a look that waits for every lock
    SELECT t.tutor_id INTO chosen FROM tutors t
     WHERE t.subjects @> ARRAY[r.subject] AND t.available AND t.held < t.capacity AND has_slot(t) AND suits(r, t)
     ORDER BY t.tutor_id LIMIT 1 FOR UPDATE;
  END IF;
  IF chosen IS NOT NULL THEN
    RETURN NEXT hold_slot(r, chosen);
  ELSIF r.state <> 'waiting' THEN
    UPDATE requests SET round = r.round + 1, state = 'waiting', match_id = NULL, tutor_id = NULL
     WHERE student_id = p_student;
    RETURN NEXT ('waiting', p_student, r.round + 1, r.student_version, NULL, NULL, NULL)::decision;
  END IF;
END $$;

-- Who may have gained from a tutor's growing slots: one line per tutor with a slot and someone waiting.
CREATE FUNCTION wakes(p_tutors text[]) RETURNS SETOF decision LANGUAGE sql AS $$
  SELECT 'wake', NULL, NULL::integer, NULL::integer, NULL, t.tutor_id, t.version
    FROM tutors t
   WHERE t.tutor_id = ANY (p_tutors) AND has_slot(t)
     AND EXISTS (SELECT FROM requests r
                  WHERE r.state = 'waiting' AND r.subject = ANY (t.subjects) AND suits(r, t))
   ORDER BY t.tutor_id
$$;

-- student.registered, student.updated
CREATE FUNCTION hear_student(p_student text, p_version integer, p_grade integer, p_subject text, p_times text[],
                             p_languages text[], p_budget integer, p_goals text[], p_ranked text[])
RETURNS SETOF decision LANGUAGE plpgsql AS $$
DECLARE r requests%ROWTYPE;
BEGIN
  PERFORM lock_subjects(p_subject, '{}');
  INSERT INTO requests (student_id, student_version) VALUES (p_student, 0) ON CONFLICT DO NOTHING;
  SELECT * INTO r FROM requests WHERE student_id = p_student FOR UPDATE;
  IF r.student_version >= p_version OR r.state = 'closed' THEN RETURN; END IF;
  UPDATE requests SET student_version = p_version, grade = p_grade, subject = p_subject, times = p_times,
         languages = p_languages, budget_band = p_budget, goals = p_goals
   WHERE student_id = p_student RETURNING * INTO r;
  IF r.state = 'matched' AND (SELECT suits(r, t) FROM tutors t WHERE t.tutor_id = r.tutor_id) THEN
    RETURN;
  END IF;
  RETURN QUERY SELECT * FROM decide(p_student, p_ranked);
END $$;

-- student.withdrawn: the request closes; a hold stays until tutors_db says the slot is free (R3, R9).
CREATE FUNCTION hear_withdrawal(p_student text, p_version integer) RETURNS SETOF decision LANGUAGE plpgsql AS $$
DECLARE r requests%ROWTYPE;
BEGIN
  INSERT INTO requests (student_id, student_version) VALUES (p_student, 0) ON CONFLICT DO NOTHING;
  SELECT * INTO r FROM requests WHERE student_id = p_student FOR UPDATE;
  IF r.student_version >= p_version THEN RETURN; END IF;
  UPDATE requests SET student_version = p_version, round = r.round + 1, state = 'closed', match_id = NULL,
         tutor_id = NULL, grade = NULL, subject = NULL, times = '{}', languages = '{}', budget_band = NULL, goals = '{}'
   WHERE student_id = p_student;
  RETURN NEXT ('closed', p_student, r.round + 1, p_version, NULL, NULL, NULL)::decision;
END $$;

-- Give back the holds of a student up to a round; the caller has locked the subjects exclusively.
CREATE FUNCTION release_holds(p_student text, p_upto integer, p_locked text[]) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
  freed text[];
  other record;
BEGIN
  freed := ARRAY(SELECT DISTINCT tutor_id FROM holds WHERE student_id = p_student AND round <= p_upto ORDER BY 1);
  FOR other IN SELECT subjects FROM tutors WHERE tutor_id = ANY (freed) ORDER BY tutor_id FOR UPDATE LOOP
    IF NOT other.subjects <@ p_locked THEN
      RAISE EXCEPTION 'a tutor''s subjects changed meanwhile' USING ERRCODE = '40001';
    END IF;
  END LOOP;
  WITH gone AS (DELETE FROM holds WHERE student_id = p_student AND round <= p_upto RETURNING tutor_id),
       counted AS (SELECT tutor_id, count(*)::integer AS n FROM gone GROUP BY tutor_id)
  UPDATE tutors t SET held = t.held - c.n FROM counted c WHERE t.tutor_id = c.tutor_id;
  RETURN freed;
END $$;

CREATE FUNCTION subjects_held(p_student text, p_upto integer) RETURNS text[] LANGUAGE sql AS $$
  SELECT coalesce(array_agg(DISTINCT s), '{}') FROM holds h JOIN tutors t USING (tutor_id), unnest(t.subjects) s
   WHERE h.student_id = p_student AND h.round <= p_upto
$$;

-- tutor.match.refused, match.declined: the slot is gone; if that was the current round, decide anew.
CREATE FUNCTION hear_no(p_student text, p_round integer, p_tutor text, p_declined boolean, p_slots_version integer,
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
     WHERE student_id = p_student AND NOT p_tutor = ANY (excluded);
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

-- tutor.released, match.ended: as of this round the student holds nothing.
CREATE FUNCTION hear_release(p_student text, p_round integer, p_ended boolean) RETURNS SETOF decision LANGUAGE plpgsql AS $$
DECLARE
  locked text[] := subjects_held(p_student, p_round);
  freed text[];
BEGIN
  PERFORM lock_subjects(NULL, locked);
  IF p_ended THEN
    UPDATE requests SET state = 'closed' WHERE student_id = p_student AND round = p_round AND state = 'matched';
  END IF;
  freed := release_holds(p_student, p_round, locked);
  RETURN QUERY SELECT * FROM wakes(freed);
END $$;

-- tutor.matched: the hold of this round is a booking, those of older rounds are over.
CREATE FUNCTION hear_booking(p_student text, p_round integer) RETURNS SETOF decision LANGUAGE plpgsql AS $$
BEGIN
  UPDATE holds SET confirmed = true WHERE student_id = p_student AND round = p_round AND NOT confirmed;
  IF EXISTS (SELECT FROM holds WHERE student_id = p_student AND round < p_round) THEN
    RETURN QUERY SELECT * FROM hear_release(p_student, p_round - 1, false);
  END IF;
END $$;

-- tutor.registered, tutor.availability.changed
CREATE FUNCTION hear_tutor(p_tutor text, p_version integer, p_subjects text[], p_grade_min integer, p_grade_max integer,
                           p_capacity integer, p_available boolean, p_times text[], p_languages text[], p_price integer,
                           p_experience integer, p_goals text[])
RETURNS SETOF decision LANGUAGE plpgsql AS $$
DECLARE before text[] := coalesce((SELECT subjects FROM tutors WHERE tutor_id = p_tutor), '{}');
BEGIN
  PERFORM lock_subjects(NULL, before || p_subjects);
  INSERT INTO tutors AS t (tutor_id, version, slots_version, subjects, grade_min, grade_max, capacity, available, times,
                           languages, price_band, experience_years, goals)
  VALUES (p_tutor, p_version, p_version, p_subjects, p_grade_min, p_grade_max, p_capacity, p_available, p_times,
          p_languages, p_price, p_experience, p_goals)
  ON CONFLICT (tutor_id) DO UPDATE SET
    version = p_version, slots_version = greatest(t.slots_version, p_version), subjects = p_subjects,
    grade_min = p_grade_min, grade_max = p_grade_max, times = p_times, languages = p_languages,
    price_band = p_price, experience_years = p_experience, goals = p_goals,
    capacity = CASE WHEN t.slots_version > p_version THEN t.capacity ELSE p_capacity END,
    available = CASE WHEN t.slots_version > p_version THEN t.available ELSE p_available END
  WHERE t.version < p_version;
  IF NOT FOUND THEN RETURN; END IF;
  RETURN QUERY SELECT * FROM wakes(ARRAY[p_tutor]);
END $$;

-- tutor.withdrawn: nobody is matched with this tutor any more; the holds go with the declines that follow.
CREATE FUNCTION hear_tutor_withdrawal(p_tutor text, p_version integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO tutors AS t (tutor_id, version, slots_version, subjects, grade_min, grade_max, capacity, available)
  VALUES (p_tutor, p_version, p_version, '{}', 1, 12, 0, false)
  ON CONFLICT (tutor_id) DO UPDATE SET version = p_version, slots_version = p_version, capacity = 0, available = false
  WHERE t.version < p_version;
END $$;

-- matching.requested: fill a tutor's free slots, oldest eligible waiter first (R2).
CREATE FUNCTION fill_tutor(p_tutor text) RETURNS SETOF decision LANGUAGE plpgsql AS $$
DECLARE
  t tutors%ROWTYPE;
  r requests%ROWTYPE;
  waiters requests[];
BEGIN
  SELECT * INTO t FROM tutors WHERE tutor_id = p_tutor;
  IF t.tutor_id IS NULL OR NOT has_slot(t) THEN RETURN; END IF;
  waiters := ARRAY(SELECT w FROM requests w
                    WHERE w.state = 'waiting' AND w.subject = ANY (t.subjects) AND suits(w, t)
                    ORDER BY w.waiting_since, w.student_id LIMIT t.capacity - t.held FOR UPDATE);
  SELECT * INTO t FROM tutors WHERE tutor_id = p_tutor FOR UPDATE;
  FOREACH r IN ARRAY waiters LOOP
    EXIT WHEN NOT has_slot(t);
    CONTINUE WHEN NOT suits(r, t);
    RETURN NEXT hold_slot(r, p_tutor);
    t.held := t.held + 1;
  END LOOP;
END $$;

-- Holds that tutors_db has not answered, and holds of a round that is over (R6).
CREATE VIEW stuck AS
  SELECT h.student_id, CASE WHEN h.round < r.round THEN 'hold of an older round' ELSE 'hold unconfirmed' END AS why,
         h.held_at AS since
    FROM holds h JOIN requests r USING (student_id) WHERE NOT h.confirmed OR h.round < r.round;

GRANT SELECT, INSERT, UPDATE ON requests, tutors TO matching_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON holds TO matching_app;
GRANT SELECT ON stuck TO matching_relay;
