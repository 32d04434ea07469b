-- What became of a tutor's matches, what a ranker saw of each, and the models that learned from it.

-- A slot is taken by one who holds the request first: with these locks (in their usual order) no hold
-- and no outcome falls between what is counted here and what is counted from now on.
LOCK TABLE requests IN EXCLUSIVE MODE;
LOCK TABLE outcomes IN SHARE ROW EXCLUSIVE MODE;

ALTER TABLE tutors
  ADD COLUMN rating_sum integer NOT NULL DEFAULT 0,       -- stars
  ADD COLUMN rating_n   integer NOT NULL DEFAULT 0,
  ADD COLUMN accepted_n integer NOT NULL DEFAULT 0,
  ADD COLUMN declined_n integer NOT NULL DEFAULT 0,
  ADD COLUMN ended_n    integer NOT NULL DEFAULT 0,
  ADD COLUMN matches_n  integer NOT NULL DEFAULT 0,       -- slots held for somebody, ever
  ADD COLUMN joined_at  timestamptz NOT NULL DEFAULT now();

-- `features` are float32, little-endian: one row for each of shown.tutors, in that order;
-- `features_schema` says which columns (learnflow/ranking/learned/catalogue.py).
ALTER TABLE matches ADD COLUMN features bytea, ADD COLUMN features_schema text;

-- As far as the history tells. When a tutor joined was not kept: their first match stands for it.
WITH heard AS (
  SELECT m.tutor_id, m.match_id, m.decided_at, o.kind, o.stars
    FROM matches m LEFT JOIN outcomes o USING (match_id)),
past AS (
  SELECT tutor_id, count(DISTINCT match_id) AS matches_n, min(decided_at) AS first,
         coalesce(sum(stars) FILTER (WHERE kind = 'rated'), 0) AS rating_sum,
         count(*) FILTER (WHERE kind = 'rated' AND stars IS NOT NULL) AS rating_n,
         count(*) FILTER (WHERE kind = 'accepted') AS accepted_n,
         count(*) FILTER (WHERE kind = 'declined') AS declined_n,
         count(*) FILTER (WHERE kind = 'ended') AS ended_n
    FROM heard GROUP BY tutor_id)
UPDATE tutors t
   SET rating_sum = p.rating_sum, rating_n = p.rating_n, accepted_n = p.accepted_n,
       declined_n = p.declined_n, ended_n = p.ended_n, matches_n = p.matches_n,
       joined_at = least(t.joined_at, p.first)
  FROM past p WHERE p.tutor_id = t.tutor_id;

-- As in 0001, and the match is counted with the slot.
CREATE OR REPLACE FUNCTION hold_slot(r requests, p_tutor text) RETURNS decision LANGUAGE plpgsql AS $$
DECLARE
  d decision;
  match text := replace(gen_random_uuid()::text, '-', '');
BEGIN
  WITH taken AS (UPDATE tutors SET held = held + 1, matches_n = matches_n + 1
                  WHERE tutor_id = p_tutor RETURNING slots_version)
  INSERT INTO holds (student_id, round, match_id, tutor_id, slots_version)
  SELECT r.student_id, r.round + 1, match, p_tutor, slots_version FROM taken;
  UPDATE requests SET round = r.round + 1, state = 'matched', match_id = match, tutor_id = p_tutor
   WHERE student_id = r.student_id;
  d := ('matched', r.student_id, r.round + 1, r.student_version, match, p_tutor, NULL);
  RETURN d;
END $$;

-- An outcome counts when its row is really new, whichever release of record_outcome writes it.
CREATE FUNCTION count_outcome() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE tutors
     SET accepted_n = accepted_n + (NEW.kind = 'accepted')::integer,
         declined_n = declined_n + (NEW.kind = 'declined')::integer,
         ended_n = ended_n + (NEW.kind = 'ended')::integer,
         rating_n = rating_n + (NEW.kind = 'rated' AND NEW.stars IS NOT NULL)::integer,
         rating_sum = rating_sum + CASE WHEN NEW.kind = 'rated' THEN coalesce(NEW.stars, 0) ELSE 0 END
   WHERE tutor_id = (SELECT tutor_id FROM matches WHERE match_id = NEW.match_id AND decided_at =
                     (SELECT decided_at FROM match_keys WHERE match_id = NEW.match_id));
  RETURN NULL;
END $$;
CREATE TRIGGER outcomes_count AFTER INSERT ON outcomes FOR EACH ROW EXECUTE FUNCTION count_outcome();

-- Models by their id, packed as learnflow/ranking/learned/artifact.py does; never changed.
CREATE TABLE models (
  id         text PRIMARY KEY,
  manifest   text NOT NULL,                     -- JSON
  body       bytea NOT NULL,
  kind       text NOT NULL CONSTRAINT models_kind CHECK (kind IN ('live', 'synthetic')),
  created_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE models ALTER COLUMN body SET STORAGE EXTERNAL;  -- compressed already

-- Which model serves and which one is tried beside it; no row or no model: the rules, or none.
CREATE TABLE model_aliases (
  alias      text PRIMARY KEY
             CONSTRAINT model_aliases_alias CHECK (alias IN ('champion', 'challenger')),
  model_id   text REFERENCES models ON DELETE SET NULL,
  changed_at timestamptz NOT NULL DEFAULT now()
);

-- What happened to an alias, and why; a refusal changed nothing.
CREATE TABLE promotions (
  id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at       timestamptz NOT NULL DEFAULT now(),
  alias    text NOT NULL CONSTRAINT promotions_alias CHECK (alias IN ('champion', 'challenger')),
  model_id text,                                -- none: back to the rules
  previous text,                                -- what the alias named before; none: the rules
  verdict  text NOT NULL
           CONSTRAINT promotions_verdict CHECK (verdict IN ('promoted', 'refused', 'rolled_back', 'trained')),
  reasons  text[] NOT NULL DEFAULT '{}',
  report   text                                 -- JSON
);

GRANT SELECT ON models, model_aliases TO matching_app;

-- The trainer reads the history and moves the aliases; it meets no request and says nothing.
GRANT USAGE ON SCHEMA public TO matching_trainer;
GRANT SELECT ON matches, match_keys, outcomes, tutors TO matching_trainer;
GRANT SELECT, INSERT ON models, promotions TO matching_trainer;
GRANT SELECT, INSERT, UPDATE ON model_aliases TO matching_trainer;
