-- Outbox, inbox and idempotency keys: alike in every database.
-- :short is the database's short name (students, tutors, matching).

CREATE TABLE outbox (
  id           bigint GENERATED ALWAYS AS IDENTITY,
  created_at   timestamptz NOT NULL DEFAULT now(),
  event_id     text NOT NULL,
  type         text NOT NULL,
  topic        text NOT NULL,
  key          text NOT NULL,
  data         text NOT NULL,
  traceparent  text,
  published_at timestamptz,
  attempts     integer NOT NULL DEFAULT 0,
  parked       text,
  PRIMARY KEY (id, created_at)
) PARTITION BY RANGE (created_at);
CREATE INDEX outbox_unpublished ON outbox (id) WHERE published_at IS NULL AND parked IS NULL;
CREATE TABLE outbox_default PARTITION OF outbox DEFAULT
  WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);

CREATE TABLE inbox (
  consumer text NOT NULL,
  source   text NOT NULL,
  event_id text NOT NULL,
  heard_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (consumer, source, event_id)
);

CREATE TABLE idempotency (
  route        text NOT NULL,
  principal    text NOT NULL,
  key          text NOT NULL,
  payload_hash text NOT NULL,
  status       integer NOT NULL,
  resource_id  text,
  etag         text,
  created_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (route, principal, key)
);
CREATE INDEX idempotency_resource ON idempotency (resource_id);

-- How often the relay has published a stuck student's facts again (R6).
CREATE TABLE resends (
  student_id text PRIMARY KEY,
  attempts   integer NOT NULL DEFAULT 0,
  next_at    timestamptz NOT NULL DEFAULT now()
);

CREATE FUNCTION idempotency_claim(p_hash bigint, p_route text, p_principal text, p_key text)
RETURNS TABLE (ours boolean, payload_hash text, status integer, resource_id text, etag text)
LANGUAGE plpgsql AS $$
BEGIN
  ours := pg_try_advisory_xact_lock(p_hash);
  IF ours THEN
    SELECT i.payload_hash, i.status, i.resource_id, i.etag
      INTO payload_hash, status, resource_id, etag
      FROM idempotency i WHERE i.route = p_route AND i.principal = p_principal AND i.key = p_key;
  END IF;
  RETURN NEXT;
END $$;

-- Daily partitions of the outbox: three days ahead are made, whole days older than p_keep are dropped.
-- A day that still holds unpublished facts is never dropped. What fell into the default partition,
-- because its day was not made in time, moves to its day. Whoever waits for its locks waits 1 s.
CREATE FUNCTION outbox_maintain(p_keep integer DEFAULT 14) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '1s' AS $$
DECLARE
  day date;
  starts timestamptz;
  ends timestamptz;
  name text;
  busy boolean;
  changed integer := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(7101);
  FOR day IN
    SELECT (now() AT TIME ZONE 'UTC')::date + n FROM generate_series(0, 3) n
     UNION SELECT (created_at AT TIME ZONE 'UTC')::date FROM outbox_default
  LOOP
    name := 'outbox_' || to_char(day, 'YYYY_MM_DD');
    starts := day::timestamp AT TIME ZONE 'UTC';
    ends := (day + 1)::timestamp AT TIME ZONE 'UTC';
    CONTINUE WHEN to_regclass(name) IS NOT NULL;
    LOCK TABLE outbox_default IN ACCESS EXCLUSIVE MODE;
    EXECUTE format('CREATE TABLE %I (LIKE outbox INCLUDING DEFAULTS)
                    WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0)', name);
    EXECUTE format('WITH late AS (DELETE FROM outbox_default WHERE created_at >= %L AND created_at < %L RETURNING *)
                    INSERT INTO %I SELECT * FROM late', starts, ends, name);
    EXECUTE format('ALTER TABLE outbox ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', name, starts, ends);
    changed := changed + 1;
  END LOOP;
  FOR name IN
    SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
     WHERE i.inhparent = 'outbox'::regclass AND c.relname ~ '^outbox_\d{4}_\d\d_\d\d$'
       AND to_date(substr(c.relname, 8), 'YYYY_MM_DD') < (now() AT TIME ZONE 'UTC')::date - p_keep
  LOOP
    EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE published_at IS NULL AND parked IS NULL)', name)
      INTO busy;
    CONTINUE WHEN busy;
    EXECUTE format('DROP TABLE %I', name);
    changed := changed + 1;
  END LOOP;
  RETURN changed;
END $$;
REVOKE ALL ON FUNCTION outbox_maintain(integer) FROM PUBLIC;
SELECT outbox_maintain();

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO :short_app, :short_relay;
GRANT SELECT, INSERT ON outbox, inbox TO :short_app;
GRANT SELECT, INSERT, DELETE ON idempotency TO :short_app;
GRANT SELECT, UPDATE (published_at, attempts, parked) ON outbox TO :short_relay;
GRANT SELECT, INSERT, UPDATE, DELETE ON resends TO :short_relay;
GRANT EXECUTE ON FUNCTION outbox_maintain(integer) TO :short_relay;
