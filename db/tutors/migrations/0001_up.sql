-- tutors_db: who teaches, and which slots are booked. The authority on bookings (R1, R3).

CREATE TABLE tutors (
  tutor_id         text PRIMARY KEY,
  version          integer NOT NULL DEFAULT 1,
  name             text,
  subjects         text[] NOT NULL,
  grade_min        integer NOT NULL DEFAULT 1,
  grade_max        integer NOT NULL DEFAULT 12,
  capacity         integer NOT NULL,
  booked           integer NOT NULL DEFAULT 0,
  available        boolean NOT NULL DEFAULT true,
  withdrawn        boolean NOT NULL DEFAULT false,
  times            text[] NOT NULL DEFAULT '{}',
  languages        text[] NOT NULL DEFAULT '{}',
  price_band       integer,
  experience_years integer,
  goals            text[] NOT NULL DEFAULT '{}',
  last_seq         integer NOT NULL DEFAULT 0,
  registered_at    timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT tutors_booked CHECK (booked BETWEEN 0 AND capacity)
);
CREATE INDEX tutors_by_subject ON tutors USING gin (subjects) WHERE NOT withdrawn;
CREATE INDEX tutors_newest ON tutors (registered_at DESC, tutor_id) WHERE NOT withdrawn;

CREATE TABLE bookings (
  student_id   text PRIMARY KEY,
  round        integer NOT NULL,
  match_id     text,
  tutor_id     text,
  state        text NOT NULL
               CONSTRAINT bookings_state CHECK (state IN ('booked', 'accepted', 'refused', 'released', 'declined', 'ended')),
  acknowledged boolean NOT NULL DEFAULT false,
  changed_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX bookings_of_tutor ON bookings (tutor_id) WHERE state IN ('booked', 'accepted');
CREATE INDEX bookings_open ON bookings (changed_at) WHERE state IN ('refused', 'declined') OR NOT acknowledged;

CREATE TABLE notifications (
  recipient_id text NOT NULL,
  seq          integer NOT NULL,
  student_id   text NOT NULL,
  round        integer NOT NULL,
  kind         text NOT NULL
               CONSTRAINT notifications_kind CHECK (kind IN ('matched', 'released', 'ended')),
  data         text NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (recipient_id, seq),
  CONSTRAINT notifications_once UNIQUE (recipient_id, student_id, round, kind)
);

CREATE FUNCTION tell_tutor(p_tutor text, p_kind text, p_student text, p_round integer, p_match text)
RETURNS void LANGUAGE sql AS $$
  WITH next AS (UPDATE tutors SET last_seq = last_seq + 1 WHERE tutor_id = p_tutor RETURNING last_seq)
  INSERT INTO notifications (recipient_id, seq, student_id, round, kind, data)
  SELECT p_tutor, last_seq, p_student, p_round, p_kind,
         json_build_object('tutor_id', p_tutor, 'student_id', p_student, 'round', p_round, 'match_id', p_match)::text
    FROM next
$$;

-- Book the slot that a round asks for, after freeing the student's older one (R1).
-- Outcome: stale, booked, refused or released; freed is the tutor whose slot came free, if any.
CREATE FUNCTION book_slot(p_student text, p_round integer, p_outcome text, p_match text, p_tutor text)
RETURNS TABLE (outcome text, freed text, reason text, tutor_version integer, capacity integer, available boolean)
LANGUAGE plpgsql AS $$
DECLARE
  b bookings%ROWTYPE;
  t tutors%ROWTYPE;
  other tutors%ROWTYPE;
BEGIN
  INSERT INTO bookings (student_id, round, state, acknowledged) VALUES (p_student, 0, 'released', true)
  ON CONFLICT DO NOTHING;
  SELECT * INTO b FROM bookings WHERE student_id = p_student FOR UPDATE;
  IF p_round <= b.round THEN
    outcome := 'stale'; RETURN NEXT; RETURN;
  END IF;
  FOR other IN SELECT * FROM tutors WHERE tutor_id IN (p_tutor, b.tutor_id) ORDER BY tutor_id FOR UPDATE LOOP
    IF other.tutor_id = p_tutor THEN t := other; END IF;
  END LOOP;
  IF b.state IN ('booked', 'accepted') THEN
    freed := b.tutor_id;
    UPDATE tutors SET booked = booked - 1 WHERE tutor_id = b.tutor_id;
    PERFORM tell_tutor(b.tutor_id, 'released', p_student, b.round, b.match_id);
    IF b.tutor_id = p_tutor THEN t.booked := t.booked - 1; END IF;
  END IF;
  tutor_version := coalesce(t.version, 0);
  capacity := coalesce(t.capacity, 0);
  available := coalesce(t.available AND NOT t.withdrawn, false);
  IF p_outcome <> 'matched' THEN
    outcome := 'released';
  ELSIF t.tutor_id IS NULL THEN
    outcome := 'refused'; reason := 'unknown';
  ELSIF t.withdrawn THEN
    outcome := 'refused'; reason := 'withdrawn';
  ELSIF NOT t.available THEN
    outcome := 'refused'; reason := 'unavailable';
  ELSIF t.booked >= t.capacity THEN
    outcome := 'refused'; reason := 'capacity';
  ELSE
    outcome := 'booked';
    UPDATE tutors SET booked = booked + 1 WHERE tutor_id = p_tutor;
    PERFORM tell_tutor(p_tutor, 'matched', p_student, p_round, p_match);
  END IF;
  UPDATE bookings SET round = p_round, match_id = p_match, tutor_id = p_tutor, state = outcome,
         acknowledged = outcome <> 'booked', changed_at = now()
   WHERE student_id = p_student;
  RETURN NEXT;
END $$;

-- A tutor leaves: personal data goes, every student booked is declined so that matching starts anew (R9).
CREATE FUNCTION withdraw_tutor(p_tutor text)
RETURNS TABLE (version integer, already boolean, student_id text, round integer, match_id text)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  t tutors%ROWTYPE;
  locked text[];
BEGIN
  -- Students first, then the tutor: the order that book_slot locks them in.
  locked := ARRAY(SELECT b.student_id FROM bookings b
                   WHERE b.tutor_id = p_tutor AND b.state IN ('booked', 'accepted')
                   ORDER BY b.student_id FOR UPDATE);
  SELECT * INTO t FROM tutors WHERE tutors.tutor_id = p_tutor FOR UPDATE;
  IF NOT FOUND THEN RETURN; END IF;
  IF t.withdrawn THEN
    RETURN QUERY SELECT t.version, true, NULL::text, NULL::integer, NULL::text; RETURN;
  END IF;
  IF EXISTS (SELECT FROM bookings b WHERE b.tutor_id = p_tutor AND b.state IN ('booked', 'accepted')
              AND NOT b.student_id = ANY (locked)) THEN
    RAISE EXCEPTION 'a booking arrived meanwhile' USING ERRCODE = '40001';
  END IF;
  DELETE FROM notifications n WHERE n.recipient_id = p_tutor;
  DELETE FROM idempotency i WHERE i.resource_id = p_tutor;
  UPDATE tutors SET version = tutors.version + 1, withdrawn = true, available = false, booked = 0, name = NULL,
         times = '{}', languages = '{}', goals = '{}', price_band = NULL, experience_years = NULL
   WHERE tutors.tutor_id = p_tutor;
  RETURN QUERY SELECT t.version + 1, false, NULL::text, NULL::integer, NULL::text;
  RETURN QUERY
    UPDATE bookings b SET state = 'declined', changed_at = now(), acknowledged = true
     WHERE b.tutor_id = p_tutor AND b.state IN ('booked', 'accepted')
    RETURNING t.version + 1, false, b.student_id, b.round, b.match_id;
END $$;

-- Students whose booking has had no answer for a minute (R6).
CREATE VIEW stuck AS
  SELECT student_id, state || CASE WHEN acknowledged THEN '' ELSE ', student not told' END AS why, changed_at AS since
    FROM bookings
   WHERE state IN ('refused', 'declined') OR (state = 'booked' AND NOT acknowledged);

GRANT SELECT, INSERT, UPDATE ON tutors, bookings TO tutors_app;
GRANT SELECT, INSERT, DELETE ON notifications TO tutors_app;
GRANT SELECT ON stuck TO tutors_relay;
