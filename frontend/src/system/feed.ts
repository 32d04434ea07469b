import type { Delivery, Listed, News, Shown, Trail } from "./documents";

/** Who took an event, as far as it is known. */
export interface Taken {
  source: string;
  function: string;
  state: string;
  attempts: number;
  status: number | null;
  /** How long the newest attempt took. */
  ms: number | null;
  coldMs: number | null;
  duplicate: boolean;
  replay: string | null;
}

/** One event of the live list. */
export interface Row {
  id: string;
  topic: string;
  key: string | null;
  at: number;
  traceId: string | null;
  taken: Taken[];
}

/** The live list: the newest first, and how many lines were never shown. */
export interface Feed {
  rows: readonly Row[];
  missed: number;
}

export const EMPTY_FEED: Feed = { rows: [], missed: 0 };
export const MOST_ROWS = 200;
const LETTERS = "dead.letter";

/** The list with what was stored before; what is known already stays, and is completed. */
export function withListed(feed: Feed, listed: readonly Listed[]): Feed {
  const known = new Map(feed.rows.map((row) => [row.id, row]));
  for (const one of listed) {
    if (one.event_id === null || one.topic === LETTERS) continue;
    const row = known.get(one.event_id) ?? rowOf(one);
    known.set(row.id, { ...row, taken: one.deliveries.map(ofTrail).reduce(joined, row.taken) });
  }
  return { ...feed, rows: newest([...known.values()]) };
}

/** The list after some news, in the order in which they came. */
export function withNews(feed: Feed, news: readonly News[]): Feed {
  const known = new Map(feed.rows.map((row) => [row.id, row]));
  let missed = feed.missed;
  for (const one of news) {
    missed += one.missed ?? 0;
    if (one.event?.event_id && one.event.topic !== LETTERS) said(known, one.event);
    if (one.delivery) took(known, one.delivery);
  }
  return { rows: newest([...known.values()]), missed };
}

function said(known: Map<string, Row>, event: Shown): void {
  const id = event.event_id ?? "";
  const row = known.get(id);
  if (!row) known.set(id, rowOf(event));
}

function took(known: Map<string, Row>, news: Delivery): void {
  const row = known.get(news.event_id);
  if (!row) return;
  known.set(row.id, { ...row, taken: joined(row.taken, ofDelivery(news)) });
}

/** One entry for each source; a later state of the same one replaces it, an earlier does not. */
function joined(taken: readonly Taken[], one: Taken): Taken[] {
  const index = taken.findIndex((other) => other.source === one.source);
  if (index < 0) return [...taken, one];
  const before = taken[index];
  if (before && before.replay === one.replay && before.attempts > one.attempts) return [...taken];
  return taken.with(index, one);
}

function rowOf(event: Shown): Row {
  return {
    id: event.event_id ?? "",
    topic: event.topic,
    key: event.key,
    at: event.timestamp,
    traceId: event.trace_id,
    taken: [],
  };
}

function ofTrail(trail: Trail): Taken {
  const last = trail.attempts.at(-1) ?? null;
  return { ...ofDelivery({ ...trail, number: trail.attempts.length, attempt: last }) };
}

type Outcome = Pick<
  Delivery,
  "source" | "function" | "state" | "number" | "attempt" | "duplicate" | "replay"
>;

function ofDelivery(news: Outcome): Taken {
  return {
    source: news.source,
    function: news.function,
    state: news.state,
    attempts: news.number,
    status: news.attempt?.status ?? null,
    ms: news.attempt?.ms ?? null,
    coldMs: news.attempt?.cold_start_ms ?? null,
    duplicate: news.duplicate,
    replay: news.replay,
  };
}

function newest(rows: Row[]): Row[] {
  return rows.sort((a, b) => b.at - a.at).slice(0, MOST_ROWS);
}
