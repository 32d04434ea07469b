import type { Burst, News } from "./documents";

/** What was decided about each student while the page looked, by student. */
export interface Decided {
  /** When the first decision was made. */
  at: number;
  outcome: "matched" | "waiting";
}

export type Decisions = ReadonlyMap<string, Decided>;

/** How a burst goes. */
export interface Tally {
  accepted: number;
  refused: number;
  matched: number;
  waiting: number;
  /** From the press of the button to the first and the last decision, in milliseconds. */
  firstMs: number | null;
  lastMs: number | null;
  done: boolean;
}

/** The decisions after some news: a student was told of a match, or waits for a tutor. */
export function decisionsAfter(before: Decisions, news: readonly News[]): Decisions {
  const found = new Map(before);
  for (const { event } of news) {
    const outcome = event && outcomeOf(event.topic, event.value);
    if (event?.key && outcome && found.get(event.key)?.outcome !== "matched")
      found.set(event.key, { at: found.get(event.key)?.at ?? event.timestamp, outcome });
  }
  return found.size === before.size && news.length === 0 ? before : found;
}

function outcomeOf(topic: string, value: unknown): Decided["outcome"] | null {
  if (topic === "student.matched") return "matched";
  if (topic !== "matching.completed") return null;
  const data = (value as { data?: { outcome?: unknown } } | null)?.data;
  return data?.outcome === "waiting" ? "waiting" : null;
}

/** Counts what became of a burst's students. */
export function tally(burst: Burst, began: number, decisions: Decisions): Tally {
  const found = burst.student_ids.flatMap((id) => decisions.get(id) ?? []);
  const times = found.map((one) => Math.max(0, one.at - began));
  return {
    accepted: burst.accepted,
    refused: burst.refused,
    matched: found.filter((one) => one.outcome === "matched").length,
    waiting: found.filter((one) => one.outcome === "waiting").length,
    firstMs: times.length > 0 ? Math.min(...times) : null,
    lastMs: times.length > 0 ? Math.max(...times) : null,
    done: found.length >= burst.student_ids.length,
  };
}
