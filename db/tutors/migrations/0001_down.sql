DROP VIEW stuck;
DROP FUNCTION withdraw_tutor(text);
DROP FUNCTION book_slot(text, integer, text, text, text);
DROP FUNCTION tell_tutor(text, text, text, integer, text);
DROP TABLE notifications, bookings, tutors;
