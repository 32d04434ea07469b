-- What students do after the first match: change their wishes (no schema for that), and rate.

-- Which match a word was about: who rates names the match, and a match once told may be the current
-- one, an ended one or one of earlier. It goes with the student's other words when they leave (R9).
ALTER TABLE notifications ADD COLUMN match_id text;
UPDATE notifications SET match_id = data::json ->> 'match_id' WHERE kind = 'matched';
CREATE INDEX notifications_match ON notifications (match_id) WHERE match_id IS NOT NULL;

-- One rating a match, for ever (R5). Ids and a number: it stays when the student leaves, for it is
-- about the match; what the id stood for is erased then.
CREATE TABLE ratings (
  match_id   text PRIMARY KEY,
  student_id text NOT NULL,
  stars      integer NOT NULL CONSTRAINT ratings_stars CHECK (stars BETWEEN 1 AND 5),
  rated_at   timestamptz NOT NULL DEFAULT now()
);

-- As in 0001, and the word of a match keeps its id.
CREATE OR REPLACE FUNCTION student_hears(p_student text, p_round integer, p_stage integer, p_state text,
                                         p_kind text, p_match text, p_tutor text, p_reasons text)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE s students%ROWTYPE;
BEGIN
  SELECT * INTO s FROM students WHERE student_id = p_student FOR UPDATE;
  IF NOT FOUND THEN RETURN 'unknown'; END IF;
  IF (s.round, s.stage) >= (p_round, p_stage) THEN RETURN CASE WHEN s.withdrawn THEN 'gone' ELSE 'stale' END; END IF;
  IF p_stage = 1 THEN
    UPDATE students SET round = p_round, stage = 1, changed_at = now() WHERE student_id = p_student;
    RETURN 'proposed';
  END IF;
  UPDATE students SET round = p_round, stage = p_stage, state = p_state, match_id = p_match,
         tutor_id = p_tutor, reasons = p_reasons, changed_at = now(),
         last_seq = last_seq + CASE WHEN withdrawn THEN 0 ELSE 1 END
   WHERE student_id = p_student;
  IF s.withdrawn THEN RETURN 'gone'; END IF;
  INSERT INTO notifications (recipient_id, seq, round, kind, match_id, data)
  VALUES (p_student, s.last_seq + 1, p_round, p_kind, p_match,
          json_build_object('student_id', p_student, 'round', p_round, 'match_id', p_match,
                            'tutor_id', p_tutor, 'reasons', p_reasons::json)::text);
  RETURN 'told';
END $$;

-- A student rates a match they were told of: the one they have, or the one that ended last (stage 3).
-- The first rating stands. Outcome: rated, same (rated so before), other (rated otherwise before) or
-- past; no row for a match that nobody here was told of.
CREATE FUNCTION rate_match(p_match text, p_stars integer)
RETURNS TABLE (outcome text, student_id text, round integer, tutor_id text) LANGUAGE plpgsql AS $$
DECLARE
  s students%ROWTYPE;
  before integer;
BEGIN
  SELECT n.recipient_id, n.round, n.data::json ->> 'tutor_id' INTO student_id, round, tutor_id
    FROM notifications n WHERE n.match_id = p_match;
  SELECT * INTO s FROM students t WHERE t.student_id = rate_match.student_id AND NOT t.withdrawn FOR UPDATE;
  IF NOT FOUND THEN RETURN; END IF;
  SELECT stars INTO before FROM ratings r WHERE r.match_id = p_match;
  IF before IS NOT NULL THEN
    outcome := CASE WHEN before = p_stars THEN 'same' ELSE 'other' END;
  ELSIF s.match_id IS DISTINCT FROM p_match AND (s.stage, s.round) <> (3, rate_match.round) THEN
    outcome := 'past';
  ELSE
    outcome := 'rated';
    INSERT INTO ratings (match_id, student_id, stars) VALUES (p_match, s.student_id, p_stars);
  END IF;
  RETURN NEXT;
END $$;

GRANT SELECT, INSERT ON ratings TO students_app;
