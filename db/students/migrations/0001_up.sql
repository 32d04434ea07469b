-- students_db: who asked for a tutor, what came of it, and what they were told.

CREATE TABLE students (
  student_id    text PRIMARY KEY,
  version       integer NOT NULL DEFAULT 1,
  name          text,
  grade         integer,
  subject       text,
  times         text[] NOT NULL DEFAULT '{}',
  languages     text[] NOT NULL DEFAULT '{}',
  budget_band   integer,
  goals         text[] NOT NULL DEFAULT '{}',
  withdrawn     boolean NOT NULL DEFAULT false,
  state         text NOT NULL DEFAULT 'pending'
                CONSTRAINT students_state CHECK (state IN ('pending', 'waiting', 'matched', 'closed')),
  round         integer NOT NULL DEFAULT 0,
  stage         integer NOT NULL DEFAULT 0,  -- 1 proposed, 2 final, 3 ended: only ever upwards (R1)
  match_id      text,
  tutor_id      text,
  reasons       text NOT NULL DEFAULT '[]',
  last_seq      integer NOT NULL DEFAULT 0,
  registered_at timestamptz NOT NULL DEFAULT now(),
  changed_at    timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT students_told CHECK (withdrawn OR (name IS NOT NULL AND grade IS NOT NULL AND subject IS NOT NULL))
);
CREATE INDEX students_unsettled ON students (changed_at) WHERE state = 'pending' OR stage = 1;

CREATE TABLE notifications (
  recipient_id text NOT NULL,
  seq          integer NOT NULL,
  round        integer NOT NULL,
  kind         text NOT NULL
               CONSTRAINT notifications_kind CHECK (kind IN ('matched', 'waiting', 'closed', 'ended')),
  data         text NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (recipient_id, seq),
  CONSTRAINT notifications_once UNIQUE (recipient_id, round, kind)
);

-- Apply what matching or a tutor said, if it is newer than what is known (R1, R7).
-- Answers one of: told, proposed, stale, gone (withdrawn), unknown.
CREATE FUNCTION student_hears(p_student text, p_round integer, p_stage integer, p_state text,
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

-- Students whose story has not gone on for a minute (R6).
CREATE VIEW stuck AS
  SELECT student_id, CASE WHEN stage = 1 THEN 'proposed, never final' ELSE 'pending' END AS why, changed_at AS since
    FROM students WHERE (state = 'pending' OR stage = 1) AND NOT withdrawn;

GRANT SELECT, INSERT, UPDATE ON students TO students_app;
GRANT SELECT, INSERT, DELETE ON notifications TO students_app;
GRANT SELECT ON stuck TO students_relay;
