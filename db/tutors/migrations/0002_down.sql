-- Undoes 0002_up.sql.
SELECT 1;
