import type { FunctionState } from "./documents";

/** How many instances there were at a moment, and how many functions they served. */
export interface Sample {
  at: number;
  instances: number;
  awake: number;
  coldStarts: number;
}

/** How far the breath line looks back at most, and at least: it grows with what is known. */
export const WINDOW_MS = 180_000;
const LEAST_WINDOW_MS = 30_000;

/** What the functions say, as one sample. */
export function sampleOf(functions: readonly FunctionState[], at: number): Sample {
  const counts = functions.map(instancesOf);
  return {
    at,
    instances: counts.reduce((total, count) => total + count, 0),
    awake: counts.filter((count) => count > 0).length,
    coldStarts: functions.reduce((total, one) => total + one.cold_starts, 0),
  };
}

/** The instances that serve or come up; those on their way out are not counted. */
export function instancesOf(state: FunctionState): number {
  return state.instances.filter((one) => !one.draining).length;
}

/** The samples of the last minutes; one older is kept, so that the line begins at the edge. */
export function withSample(samples: readonly Sample[], sample: Sample): Sample[] {
  const oldest = sample.at - WINDOW_MS;
  const first = samples.findLastIndex((one) => one.at <= oldest);
  return [...samples.slice(Math.max(0, first)), sample];
}

/** How far the line looks back now. */
export function windowOf(samples: readonly Sample[]): number {
  const known = (samples.at(-1)?.at ?? 0) - (samples[0]?.at ?? 0);
  return Math.min(WINDOW_MS, Math.max(LEAST_WINDOW_MS, known));
}

interface Size {
  width: number;
  height: number;
  /** The milliseconds from the left edge to now. */
  window: number;
  /** The count at the top of the picture. */
  most: number;
}

/** The line as an SVG path of steps, from the oldest sample to now. */
export function breathLine(samples: readonly Sample[], now: number, size: Size): string {
  const x = (at: number) => round(Math.max(0, 1 - (now - at) / size.window) * size.width);
  const y = (count: number) => round(size.height * (1 - count / size.most));
  const [first, ...rest] = samples;
  if (!first) return "";
  const steps = rest.map((one) => `H${x(one.at)}V${y(one.instances)}`);
  return `M${x(first.at)} ${y(first.instances)}${steps.join("")}H${size.width}`;
}

/** Where on the line functions began from nothing: places from 0 to its width. */
export function coldMarks(samples: readonly Sample[], now: number, size: Size): number[] {
  return samples.flatMap((one, index) => {
    const before = samples[index - 1];
    const fresh = before && one.coldStarts > before.coldStarts;
    const at = 1 - (now - one.at) / size.window;
    return fresh && at >= 0 ? [round(at * size.width)] : [];
  });
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
