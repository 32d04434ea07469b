-- Undoes 0002_up.sql.
CREATE OR REPLACE VIEW stuck AS
  SELECT student_id, state || CASE WHEN acknowledged THEN '' ELSE ', student not told' END AS why, changed_at AS since
    FROM bookings
   WHERE state IN ('refused', 'declined') OR (state = 'booked' AND NOT acknowledged);

DROP FUNCTION change_availability(text, bigint[], integer, boolean, text[]);
DROP FUNCTION respond_to_match(text, text);
DROP TRIGGER bookings_past ON bookings;
DROP FUNCTION keep_past_match();
DROP TABLE past_matches;
DROP INDEX bookings_of_match;
