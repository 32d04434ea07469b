-- What tutors do after the first match: answer it, and change when and how many they teach.

-- An answer names its match.
CREATE INDEX bookings_of_match ON bookings (match_id) WHERE match_id IS NOT NULL;

-- Matches whose student has gone on to a newer round, and what had become of them (R1). Ids only.
CREATE TABLE past_matches (
  match_id   text PRIMARY KEY,
  student_id text NOT NULL,
  round      integer NOT NULL,
  tutor_id   text,
  state      text NOT NULL
             CONSTRAINT past_matches_state CHECK (state IN ('refused', 'released', 'declined', 'ended')),
  passed_at  timestamptz NOT NULL DEFAULT now()
);

CREATE FUNCTION keep_past_match() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO past_matches (match_id, student_id, round, tutor_id, state)
  VALUES (OLD.match_id, OLD.student_id, OLD.round, OLD.tutor_id,
          CASE WHEN OLD.state IN ('booked', 'accepted') THEN 'released' ELSE OLD.state END)
  ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER bookings_past AFTER UPDATE OF match_id ON bookings
  FOR EACH ROW WHEN (OLD.match_id IS NOT NULL AND OLD.match_id IS DISTINCT FROM NEW.match_id)
  EXECUTE FUNCTION keep_past_match();

-- A tutor answers a match: p_wanted is accepted, declined or ended (R1, R9). Locks as book_slot does:
-- the student's booking, then the tutor. The tutor's version stays; bookings do not raise it (R4).
-- Outcome: done, same (it was so before) or refused, with the state the match has now; no row for an
-- id that never was a match here.
CREATE FUNCTION respond_to_match(p_match text, p_wanted text)
RETURNS TABLE (outcome text, state text, student_id text, round integer, tutor_id text)
LANGUAGE plpgsql AS $$
DECLARE b bookings%ROWTYPE;
BEGIN
  SELECT k.* INTO b FROM bookings k WHERE k.match_id = p_match FOR UPDATE;
  IF NOT FOUND THEN  -- whoever held the lock may have booked a newer round: then it is past by now
    SELECT p.state INTO state FROM past_matches p WHERE p.match_id = p_match;
    IF FOUND THEN
      outcome := CASE WHEN state = p_wanted THEN 'same' ELSE 'refused' END;
      RETURN NEXT;
    END IF;
    RETURN;
  END IF;
  state := b.state;
  student_id := b.student_id;
  round := b.round;
  tutor_id := b.tutor_id;
  IF b.state = p_wanted THEN
    outcome := 'same';
  ELSIF b.state = 'booked' OR (b.state = 'accepted' AND p_wanted = 'ended') THEN
    outcome := 'done';
    state := p_wanted;
    IF p_wanted <> 'accepted' THEN
      UPDATE tutors t SET booked = t.booked - 1 WHERE t.tutor_id = b.tutor_id;
      PERFORM tell_tutor(b.tutor_id, CASE p_wanted WHEN 'ended' THEN 'ended' ELSE 'released' END,
                         b.student_id, b.round, b.match_id);
    END IF;
    UPDATE bookings k SET state = p_wanted, changed_at = now(),
           acknowledged = k.acknowledged OR p_wanted <> 'accepted'
     WHERE k.student_id = b.student_id;
  ELSE
    outcome := 'refused';
  END IF;
  RETURN NEXT;
END $$;

-- A tutor's slots and hours, if the version is among p_versions (NULL: whichever) and what is booked
-- still fits (R3). Outcome: changed, stale or below, with the tutor as it is now; no row for a tutor
-- who is unknown or gone.
CREATE FUNCTION change_availability(p_tutor text, p_versions bigint[], p_capacity integer,
                                    p_available boolean, p_times text[])
RETURNS TABLE (outcome text, tutor tutors) LANGUAGE plpgsql AS $$
BEGIN
  SELECT t.* INTO tutor FROM tutors t WHERE t.tutor_id = p_tutor AND NOT t.withdrawn FOR UPDATE;
  IF NOT FOUND THEN RETURN; END IF;
  IF NOT coalesce(tutor.version = ANY (p_versions), true) THEN
    outcome := 'stale';
  ELSIF p_capacity < tutor.booked THEN
    outcome := 'below';
  ELSE
    outcome := 'changed';
    UPDATE tutors t SET version = t.version + 1, capacity = p_capacity, available = p_available, times = p_times
     WHERE t.tutor_id = p_tutor RETURNING t.* INTO tutor;
  END IF;
  RETURN NEXT;
END $$;

-- As before, and a match that was accepted before the student was told of it.
CREATE OR REPLACE VIEW stuck AS
  SELECT student_id, state || CASE WHEN acknowledged THEN '' ELSE ', student not told' END AS why, changed_at AS since
    FROM bookings
   WHERE state IN ('refused', 'declined') OR (state IN ('booked', 'accepted') AND NOT acknowledged);

GRANT SELECT, INSERT ON past_matches TO tutors_app;
