-- Undoes 0002_up.sql.
DROP FUNCTION upkeep_prune(text, integer, bigint, integer, boolean);
DROP FUNCTION upkeep_partitions(text, integer, date);
DROP FUNCTION upkeep_due(text, integer, date);
DROP FUNCTION upkeep_partitioned(text);
DROP INDEX outbox_published;
REVOKE USAGE ON SCHEMA public FROM :short_maintainer;
