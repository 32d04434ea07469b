-- Undoes 0002_up.sql.
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
DROP FUNCTION left_out(requests, tutors);
DROP TABLE outcomes, match_keys, matches;
