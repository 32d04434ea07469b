import { describe, expect, it } from "vitest";
import cold from "./fixtures/trace-cold.json";
import dead from "./fixtures/trace-dead.json";
import retried from "./fixtures/trace-retried.json";
import { timelineOf } from "./timeline";
import type { Trace } from "./trace";

const read = (document: unknown) => timelineOf(document as Trace);

describe("the timeline of one request", () => {
  it("has a row for each step, the request first, student and tutor told in it", () => {
    const { rows } = read(cold);
    const kinds = rows.map((row) => row.step.kind);
    expect(kinds[0]).toBe("request");
    expect(rows[0]).toMatchObject({ depth: 0, from: 0 });
    expect(kinds.filter((kind) => kind === "notification")).toHaveLength(2);
    expect(kinds.filter((kind) => kind === "delivery").length).toBeGreaterThan(3);
  });

  it("splits a cold call into the wait for its instance and the work", () => {
    const [request] = read(cold).rows;
    expect(request?.cold).toBeCloseTo(67.41 - 28.81, 1);
    const [wait, work] = request?.segments ?? [];
    expect(wait).toMatchObject({ part: "cold", from: 0 });
    expect(work?.part).toBe("work");
    expect((work?.to ?? 0) - (work?.from ?? 0)).toBeCloseTo(28.809, 2);
    expect(wait?.to).toBe(work?.from);
  });

  it("never draws more SQL than work, and nothing past the end of its call", () => {
    for (const row of [...read(cold).rows, ...read(retried).rows]) {
      const work = row.segments.find((one) => one.part === "work");
      if (row.sql && work) expect(row.sql.to).toBeLessThanOrEqual(work.to + 1e-6);
      for (const one of row.segments) expect(one.to).toBeLessThanOrEqual(row.to + 1e-6);
    }
  });

  it("draws an event from its commit to its record in the log", () => {
    const event = read(cold).rows.find((row) => row.step.name === "student.registered");
    expect(event?.segments).toHaveLength(1);
    expect(event?.segments[0]).toMatchObject({ part: "outbox" });
    expect((event?.to ?? 0) - (event?.from ?? 0)).toBeCloseTo(22.2, 1);
  });

  it("shows failed attempts, and the wait before each retry", () => {
    const attempts = read(retried).rows.filter((row) => row.step.name === "match-student");
    expect(attempts.slice(0, 3).map((row) => row.failed)).toEqual([true, true, false]);
    expect(attempts[0]?.segments.map((one) => one.part)).toEqual(["failed"]);
    expect(attempts[1]?.segments[0]?.part).toBe("retry");
    expect(attempts[1]?.segments[0]?.from).toBeCloseTo(attempts[0]?.to ?? 0, 3);
  });

  it("counts an event that became a dead letter as failed", () => {
    expect(read(dead).rows.at(-1)).toMatchObject({ failed: true });
  });
});
