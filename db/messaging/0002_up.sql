-- What every database needs after 0001: upkeep by a role of its own.

-- For publishing again what was said of one student (R6). The relay pays for it when it marks a fact
-- as published; a function's insert does not.
CREATE INDEX outbox_published ON outbox (key) WHERE published_at IS NOT NULL AND parked IS NULL;

-- Tables in range partitions by day or month (UTC), and what a partition must not hold to be dropped.
CREATE FUNCTION upkeep_partitioned(p_table text)
RETURNS TABLE (moment text, unit text, pattern text, ahead integer, least_keep integer, needed text, options text)
LANGUAGE sql STABLE AS $$
  SELECT v.moment, v.unit, v.pattern, v.ahead, v.least_keep, v.needed, v.options
    FROM (VALUES
      ('outbox', 'created_at', 'day', 'YYYY_MM_DD', 3, 7, 'published_at IS NULL AND parked IS NULL',
       'autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0'),
      ('matches', 'decided_at', 'month', 'YYYY_MM', 3, 1, 'false', 'fillfactor = 100')
    ) AS v (name, moment, unit, pattern, ahead, least_keep, needed, options)
   WHERE v.name = p_table AND to_regclass(p_table) IS NOT NULL
$$;

-- What a partitioned table lacks and what it has too much of: partitions from the one of p_today on and
-- of rows that fell into the default, because theirs was not made in time; and those that ended p_keep
-- units before today, unless something in them is still needed (then `kept`).
CREATE FUNCTION upkeep_due(p_table text, p_keep integer, p_today date)
RETURNS TABLE (act text, partition text, starts timestamp, ends timestamp)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  p record;
  one record;
  step interval;
  busy boolean;
BEGIN
  SELECT * INTO p FROM upkeep_partitioned(p_table);
  IF NOT FOUND THEN RETURN; END IF;
  IF p_keep < p.least_keep THEN
    RAISE EXCEPTION '% is kept for % %s at least', p_table, p.least_keep, p.unit USING ERRCODE = '22023';
  END IF;
  step := ('1 ' || p.unit)::interval;
  FOR one IN EXECUTE format(
    'SELECT date_trunc(%1$L, %2$L::timestamp) + n * %3$L::interval AS starts FROM generate_series(0, %4$s) n
      UNION SELECT DISTINCT date_trunc(%1$L, %5$I AT TIME ZONE ''UTC'') FROM %6$I ORDER BY 1',
    p.unit, p_today, step, p.ahead, p.moment, p_table || '_default')
  LOOP
    partition := p_table || '_' || to_char(one.starts, p.pattern);
    CONTINUE WHEN to_regclass(partition) IS NOT NULL;
    act := 'make'; starts := one.starts; ends := one.starts + step;
    RETURN NEXT;
  END LOOP;
  FOR one IN
    SELECT c.relname AS name, to_date(substr(c.relname, length(p_table) + 2), p.pattern)::timestamp AS starts
      FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
     WHERE i.inhparent = p_table::regclass AND c.relname ~ ('^' || p_table || '_\d{4}[0-9_]+$') ORDER BY 1
  LOOP
    -- Never by a date that is not today yet.
    CONTINUE WHEN one.starts + step
      > date_trunc(p.unit, least(p_today, (now() AT TIME ZONE 'UTC')::date)::timestamp) - p_keep * step;
    EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE %s)', one.name, p.needed) INTO busy;
    act := CASE WHEN busy THEN 'kept' ELSE 'drop' END;
    partition := one.name; starts := one.starts; ends := one.starts + step;
    RETURN NEXT;
  END LOOP;
END $$;

-- Do what is due; `moved` counts the rows that had fallen into the default. Waits 1 s for its locks.
CREATE FUNCTION upkeep_partitions(p_table text, p_keep integer, p_today date)
RETURNS TABLE (act text, partition text, moved bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '1s' AS $$
DECLARE
  p record;
  due record;
  bounds text;
BEGIN
  PERFORM pg_advisory_xact_lock(7101);
  SELECT * INTO p FROM upkeep_partitioned(p_table);
  FOR due IN SELECT * FROM upkeep_due(p_table, p_keep, p_today) LOOP
    act := due.act; partition := due.partition; moved := 0;
    IF due.act = 'drop' THEN
      EXECUTE format('DROP TABLE %I', due.partition);
    ELSIF due.act = 'make' THEN
      bounds := format('>= %1$L AND %3$I < %2$L', due.starts AT TIME ZONE 'UTC', due.ends AT TIME ZONE 'UTC', p.moment);
      EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', p_table || '_default');
      EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS) WITH (%s)',
                     due.partition, p_table, p.options);
      EXECUTE format('WITH late AS (DELETE FROM %I WHERE %I %s RETURNING *) INSERT INTO %I SELECT * FROM late',
                     p_table || '_default', p.moment, bounds, due.partition);
      GET DIAGNOSTICS moved = ROW_COUNT;
      EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                     p_table, due.partition, due.starts AT TIME ZONE 'UTC', due.ends AT TIME ZONE 'UTC');
    END IF;
    RETURN NEXT;
  END LOOP;
END $$;

-- Rows of one stretch of a table (p_blocks pages from p_block on) that are older than p_keep days go, or
-- are only counted; `next_block` is where to go on, null at the end. One pass over the table, in short
-- transactions, with no index to keep.
CREATE FUNCTION upkeep_prune(p_table text, p_keep integer, p_block bigint, p_blocks integer, p_dry boolean)
RETURNS TABLE (old bigint, next_block bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '1s' AS $$
DECLARE
  p record;
  old_rows text;
BEGIN
  SELECT * INTO p FROM (VALUES
    ('inbox', 'heard_at', 15, 'true'),
    ('idempotency', 'created_at', 1, 'true'),
    ('notifications', 'created_at', 30,
     'EXISTS (SELECT FROM notifications n WHERE n.recipient_id = x.recipient_id AND n.seq > x.seq)'),
    ('past_matches', 'passed_at', 30, 'true'),
    ('match_keys', 'decided_at', 30,
     'NOT EXISTS (SELECT FROM requests r WHERE r.student_id = x.student_id AND r.match_id = x.match_id)')
  ) AS v (name, moment, least_keep, over) WHERE v.name = p_table AND to_regclass(p_table) IS NOT NULL;
  IF NOT FOUND THEN RETURN; END IF;
  IF p_keep < p.least_keep THEN
    RAISE EXCEPTION '% is kept for % days at least', p_table, p.least_keep USING ERRCODE = '22023';
  END IF;
  old_rows := format('%I x WHERE x.ctid >= %L AND x.ctid < %L AND x.%I < now() - %L::interval AND %s',
    p_table, format('(%s,0)', p_block), format('(%s,0)', p_block + p_blocks), p.moment,
    p_keep || ' days', p.over);
  IF p_dry THEN
    EXECUTE 'SELECT count(*) FROM ' || old_rows INTO old;
  ELSE
    EXECUTE 'DELETE FROM ' || old_rows;
    GET DIAGNOSTICS old = ROW_COUNT;
  END IF;
  next_block := p_block + p_blocks;
  IF next_block >= pg_relation_size(p_table::regclass) / current_setting('block_size')::integer THEN
    next_block := NULL;
  END IF;
  RETURN NEXT;
END $$;

REVOKE ALL ON FUNCTION upkeep_due(text, integer, date), upkeep_partitions(text, integer, date),
  upkeep_prune(text, integer, bigint, integer, boolean), upkeep_partitioned(text) FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO :short_maintainer;
GRANT EXECUTE ON FUNCTION upkeep_due(text, integer, date), upkeep_partitions(text, integer, date),
  upkeep_prune(text, integer, bigint, integer, boolean) TO :short_maintainer;
-- outbox_maintain stays for relays of the release before, which call it; 0003 may drop it.
