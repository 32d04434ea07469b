import { axisOf } from "./scale";
import type { Axis, Span } from "./scale";
import type { DeliveryStep, EventStep, RequestStep, Step, Trace } from "./trace";

/**
 * What a stretch of a bar is: `cold` the wait for an instance to start, `way` other time on the
 * way, `work` inside the function, `outbox` from the commit to the event log, `retry` the wait
 * before the next attempt, `failed` an attempt that went wrong.
 */
export type Part = "cold" | "way" | "work" | "outbox" | "retry" | "failed";

export interface Segment extends Span {
  part: Part;
}

export interface Row {
  key: string;
  depth: number;
  step: Step;
  from: number;
  to: number;
  segments: Segment[];
  /** How much of the work was SQL: a sum, drawn from where the function began. */
  sql: (Span & { statements: number }) | null;
  /** How long it waited for a cold start; null when it was warm. */
  cold: number | null;
  failed: boolean;
}

export interface Timeline {
  rows: Row[];
  axis: Axis;
  ms: number;
}

/** Lays a trace out: one row for each step, all on one axis. */
export function timelineOf(trace: Trace): Timeline {
  const rows = [...flat(trace.steps, trace.at, 0, "")];
  const busy = rows.flatMap((row) => row.segments.filter((one) => one.part !== "retry"));
  const ms = Math.max(trace.ms, ...rows.map((row) => row.to));
  return { rows, axis: axisOf(busy, ms), ms };
}

function* flat(
  steps: readonly Step[],
  began: number,
  depth: number,
  above: string,
): Generator<Row> {
  for (const [index, step] of steps.entries()) {
    const key = `${above}/${index}`;
    yield rowOf(step, steps.slice(0, index), began, depth, key);
    yield* flat(step.children, began, depth + 1, key);
  }
}

function rowOf(step: Step, before: Step[], began: number, depth: number, key: string): Row {
  const from = step.offset_ms;
  const row = { key, depth, step, from, sql: null, cold: null, failed: false };
  switch (step.kind) {
    case "event":
      return { ...row, ...eventBar(step, began) };
    case "notification":
      return { ...row, to: from, segments: [] };
    case "request":
      return { ...row, ...callBar(step, (step.status ?? 599) >= 400) };
    case "delivery":
      return { ...row, ...deliveryBar(step, before) };
  }
}

/** From its commit in the outbox to its record in the event log. */
function eventBar(step: EventStep, began: number): Pick<Row, "to" | "segments" | "failed"> {
  const from = step.offset_ms;
  const logged = step.logged.length > 0 ? Math.max(...step.logged.slice(0, 1)) - began : from;
  const to = Math.max(from, logged);
  return { to, segments: [{ part: "outbox", from, to }], failed: step.parked !== null };
}

type CallBar = Pick<Row, "to" | "segments" | "failed" | "cold" | "sql">;

function deliveryBar(step: DeliveryStep, before: Step[]): CallBar {
  const bar = callBar(step, step.state !== "delivered" && step.state !== "in flight");
  const last = before.findLast(
    (one): one is DeliveryStep =>
      one.kind === "delivery" && one.source === step.source && one.replay === step.replay,
  );
  if (!last) return bar;
  const wait = {
    part: "retry" as const,
    from: last.offset_ms + (last.ms ?? 0),
    to: step.offset_ms,
  };
  return { ...bar, segments: [wait, ...bar.segments] };
}

/** The wait for an instance, the time inside the function, and what is left on the way. */
function callBar(step: RequestStep | DeliveryStep, failed: boolean): CallBar {
  const from = step.offset_ms;
  const to = from + (step.ms ?? 0);
  const worked = Math.min(step.told?.function_ms ?? 0, to - from);
  const cold = step.cold_start_ms === null ? null : Math.max(0, step.cold_start_ms - worked);
  const answered = step.kind === "request" ? from + (step.began_ms ?? step.ms ?? 0) : to;
  const start = Math.max(from, Math.min(from + (cold ?? Infinity), answered - worked));
  const parts: Segment[] = step.told
    ? [
        { part: cold === null ? "way" : "cold", from, to: start },
        { part: failed ? "failed" : "work", from: start, to: start + worked },
        { part: "way", from: start + worked, to },
      ]
    : [{ part: failed ? "failed" : "way", from, to }];
  const segments = parts.filter((one) => one.to - one.from > 0.05 || parts.length === 1);
  return { to, segments, failed, cold, sql: sqlOf(step, start, worked) };
}

function sqlOf(step: RequestStep | DeliveryStep, from: number, worked: number): Row["sql"] {
  if (!step.told || step.told.statements === 0) return null;
  const { sql_ms, statements } = step.told;
  return { from, to: from + Math.min(sql_ms, worked), statements };
}
