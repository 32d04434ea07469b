/** How numbers, times and names are said on this page; as on the command line where it says them. */

/** `0.8 ms`, `12.4 ms`, `318 ms`, `3.1 s`. */
export function duration(ms: number): string {
  if (ms < 99.95) return `${ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${ms.toFixed(0)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(ms < 9_950 ? 2 : 1)} s`;
  return `${Math.round(ms / 60_000)} min`;
}

/** Seconds as a clock that runs down: `0:42`. */
export function countdown(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** The time of day with milliseconds, where the reader is. */
export function clock(at: number): string {
  const date = new Date(at);
  const two = (part: number) => String(part).padStart(2, "0");
  const whole = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":");
  return `${whole}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

/** The first eight characters of an id, which suffice to find it. */
export function short(id: string | null | undefined): string {
  return (id ?? "").slice(0, 8);
}

/** `org.learnflow.student.registered.v1` as people say it: `student.registered`. */
export function shortType(type: string | null | undefined): string {
  return (type ?? "").replace(/^org\.learnflow\./u, "").replace(/\.v\d+$/u, "");
}

/** A reason as one line; of a problem document its title and detail. */
export function oneLine(reason: string): string {
  try {
    const told = JSON.parse(reason) as { title?: unknown; detail?: unknown } | null;
    const parts = [told?.title, told?.detail].filter((part) => typeof part === "string" && part);
    if (parts.length > 0) return parts.join(": ");
  } catch {
    // no document: said as it is
  }
  return reason.split(/\s+/u).join(" ").trim();
}

/** `1 instance`, `3 instances`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
