-- What every database needs after 0001.
SELECT 1;
