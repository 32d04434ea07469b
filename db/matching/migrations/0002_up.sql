-- What came with the operations after the first match.
SELECT 1;
