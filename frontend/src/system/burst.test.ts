import { describe, expect, it } from "vitest";
import { decisionsAfter, tally } from "./burst";
import type { Decisions } from "./burst";
import type { News } from "./documents";
import { breathLine, coldMarks, sampleOf, windowOf, withSample, WINDOW_MS } from "./breathing";
import { countdown, duration, oneLine, shortType } from "./words";

const NONE: Decisions = new Map();
const burst = { accepted: 2, refused: 1, student_ids: ["max", "mia"] };

function said(topic: string, key: string, at: number, outcome?: string): News {
  const value = { data: { outcome } };
  const place = { partition: 0, offset: 0, event_id: `${topic} ${key}`, type: null };
  return { event: { topic, key, timestamp: at, value, trace_id: null, ...place } };
}

describe("a burst", () => {
  it("is done when each student was matched or waits", () => {
    const news = [said("student.matched", "max", 1_400)];
    const some = decisionsAfter(NONE, news);
    expect(tally(burst, 1_000, some)).toMatchObject({ matched: 1, waiting: 0, done: false });
    const all = decisionsAfter(some, [said("matching.completed", "mia", 1_900, "waiting")]);
    const counted = { matched: 1, waiting: 1, firstMs: 400, lastMs: 900, done: true };
    expect(tally(burst, 1_000, all)).toMatchObject(counted);
  });

  it("counts a student who waited and was matched later as matched, and never back", () => {
    const waited = decisionsAfter(NONE, [said("matching.completed", "max", 1_100, "waiting")]);
    const matched = decisionsAfter(waited, [said("student.matched", "max", 1_200)]);
    const late = decisionsAfter(matched, [said("matching.completed", "max", 1_300, "waiting")]);
    expect(late.get("max")).toEqual({ at: 1_100, outcome: "matched" });
  });

  it("does not count a held place as a match: the student was not told yet", () => {
    const held = decisionsAfter(NONE, [said("matching.completed", "max", 1_100, "matched")]);
    expect(held.has("max")).toBe(false);
  });
});

describe("the breath line", () => {
  const SIZE = { width: 100, height: 40, most: 4, window: WINDOW_MS };
  const at = (seconds: number, instances: number, coldStarts = 0) => ({
    ...{ at: seconds * 1_000, instances, awake: instances, coldStarts },
  });

  it("counts instances that are not on their way out", () => {
    const instance = { pid: 1, in_flight: 0, ready: true, start_ms: 20, age_s: 1 };
    const instances = [
      { ...instance, draining: false },
      { ...instance, draining: true },
    ];
    const rest = { requests: 0, waiting: 0, starting: 0, panics: false, starts: 1 };
    const functions = [{ function: "a", cold_starts: 3, instances, ...rest }];
    expect(sampleOf(functions, 5)).toEqual({ at: 5, instances: 1, awake: 1, coldStarts: 3 });
  });

  it("forgets what is too old but for the value the window begins with", () => {
    const end = WINDOW_MS / 1_000 + 100;
    const kept = withSample([at(0, 1), at(50, 2), at(150, 3)], at(end, 4));
    expect(kept.map((one) => one.instances)).toEqual([2, 3, 4]);
  });

  it("looks back as far as something is known, half a minute at least, three at most", () => {
    expect(windowOf([])).toBe(30_000);
    expect(windowOf([at(0, 1), at(90, 1)])).toBe(90_000);
    expect(windowOf([at(0, 1), at(900, 1)])).toBe(WINDOW_MS);
  });

  it("rises in steps from left to right", () => {
    const samples = [at(0, 0), at(90, 4), at(180, 2)];
    expect(breathLine(samples, 180_000, SIZE)).toBe("M0 40H50V0H100V20H100");
    expect(coldMarks([at(0, 0), at(90, 4, 2)], 180_000, SIZE)).toEqual([50]);
  });
});

describe("words", () => {
  it("say times as people read them", () => {
    expect([0.84, 318.4, 3_110, 12_000].map(duration)).toEqual([
      "0.8 ms",
      "318 ms",
      "3.11 s",
      "12.0 s",
    ]);
    expect([89.2, 60, 4.01, -1].map(countdown)).toEqual(["1:30", "1:00", "0:05", "0:00"]);
  });

  it("say types and reasons without their wrapping", () => {
    expect(shortType("org.learnflow.student.registered.v1")).toBe("student.registered");
    expect(oneLine('{"title": "Unprocessable", "detail": "no such student"}')).toBe(
      "Unprocessable: no such student",
    );
    expect(oneLine("two\n lines")).toBe("two lines");
    expect(oneLine("503")).toBe("503");
  });
});
