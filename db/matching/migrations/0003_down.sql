-- Undoes 0003_up.sql.
REVOKE ALL ON matches, match_keys, outcomes, tutors FROM matching_trainer;
REVOKE USAGE ON SCHEMA public FROM matching_trainer;
DROP TABLE promotions, model_aliases, models;
DROP TRIGGER outcomes_count ON outcomes;
DROP FUNCTION count_outcome();
CREATE OR REPLACE FUNCTION hold_slot(r requests, p_tutor text) RETURNS decision LANGUAGE plpgsql AS $$
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
ALTER TABLE matches DROP COLUMN features, DROP COLUMN features_schema;
ALTER TABLE tutors
  DROP COLUMN rating_sum, DROP COLUMN rating_n, DROP COLUMN accepted_n, DROP COLUMN declined_n,
  DROP COLUMN ended_n, DROP COLUMN matches_n, DROP COLUMN joined_at;
