DROP VIEW stuck;
DROP FUNCTION student_hears(text, integer, integer, text, text, text, text, text);
DROP TABLE notifications, students;
