/** A stretch of time, in milliseconds since the trace began. */
export interface Span {
  from: number;
  to: number;
}

/** A time in which nothing happened, drawn shorter than it was. */
export interface Fold extends Span {
  /** Where it begins and ends on the axis, 0 to 1. */
  x0: number;
  x1: number;
}

export interface Axis {
  /** The place of a time, 0 to 1. */
  x: (ms: number) => number;
  folds: Fold[];
  ticks: number[];
}

const LEAST_FOLDED_MS = 400;
const FOLDED_SHARE = 0.08;
const STEPS = [1, 2, 5];

/**
 * One time axis. A quiet time that is longer than all the work together (a wait before a retry, a
 * replay an hour later) is folded, so that milliseconds stay visible beside it.
 */
export function axisOf(busy: readonly Span[], whole: number): Axis {
  const quiet = gaps(busy, whole);
  const working = Math.max(whole - sum(quiet), 1);
  const folded = quiet.filter((gap) => gap.to - gap.from > Math.max(LEAST_FOLDED_MS, working));
  const shown = Math.max(whole - sum(folded), 1);
  const share = Math.min(FOLDED_SHARE, 0.5 / Math.max(folded.length, 1));
  const unit = (1 - share * folded.length) / shown;
  const x = (ms: number) => place(ms, folded, unit, share);
  const folds = folded.map((gap) => ({ ...gap, x0: x(gap.from), x1: x(gap.to) }));
  return { x, folds, ticks: ticks(shown, whole, folded) };
}

function place(ms: number, folded: readonly Span[], unit: number, share: number): number {
  let at = Math.max(0, ms) * unit;
  for (const gap of folded) {
    const length = gap.to - gap.from;
    const inside = Math.min(Math.max(ms - gap.from, 0), length);
    at += (inside / length) * share - inside * unit;
  }
  return Math.min(1, at);
}

function gaps(busy: readonly Span[], whole: number): Span[] {
  const found: Span[] = [];
  let until = 0;
  for (const span of [...busy].sort((a, b) => a.from - b.from)) {
    if (span.from > until) found.push({ from: until, to: span.from });
    until = Math.max(until, span.to);
  }
  if (whole > until) found.push({ from: until, to: whole });
  return found;
}

/** Round times, about five of them, none inside a fold. */
function ticks(shown: number, whole: number, folded: readonly Span[]): number[] {
  const step = niceStep(shown / 5);
  const inFold = (ms: number) => folded.some((gap) => ms > gap.from && ms < gap.to);
  const stretches = [0, ...folded.map((gap) => gap.to)];
  const found = stretches.flatMap((from, index) => {
    const to = folded[index]?.from ?? whole;
    const first = index === 0 ? 0 : Math.ceil(from / step) * step;
    const count = Math.max(0, Math.floor((to - first) / step) + 1);
    return Array.from({ length: count }, (_, nth) => first + nth * step);
  });
  return found.filter((ms) => !inFold(ms));
}

function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(least, 0.001)));
  const step = STEPS.find((one) => one * power >= least) ?? 10;
  return step * power;
}

function sum(spans: readonly Span[]): number {
  return spans.reduce((total, span) => total + span.to - span.from, 0);
}
