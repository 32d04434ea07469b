-- Undoes 0002_up.sql. Ratings are lost.
DROP FUNCTION rate_match(text, integer);
DROP TABLE ratings;

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
  INSERT INTO notifications (recipient_id, seq, round, kind, data)
  VALUES (p_student, s.last_seq + 1, p_round, p_kind,
          json_build_object('student_id', p_student, 'round', p_round, 'match_id', p_match,
                            'tutor_id', p_tutor, 'reasons', p_reasons::json)::text);
  RETURN 'told';
END $$;

DROP INDEX notifications_match;
ALTER TABLE notifications DROP COLUMN match_id;
