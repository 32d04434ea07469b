import { describe, expect, it } from "vitest";
import { axisOf } from "./scale";

describe("the time axis", () => {
  it("is a straight line while something happens", () => {
    const { x, folds, ticks } = axisOf([{ from: 0, to: 100 }], 100);
    expect(folds).toEqual([]);
    expect([x(0), x(50), x(100)]).toEqual([0, 0.5, 1]);
    expect(ticks).toEqual([0, 20, 40, 60, 80, 100]);
  });

  it("folds a long quiet time, so that milliseconds beside it stay visible", () => {
    const busy = [
      { from: 0, to: 10 },
      { from: 3_000, to: 3_090 },
    ];
    const { x, folds } = axisOf(busy, 3_090);
    expect(folds).toHaveLength(1);
    expect(folds[0]).toMatchObject({ from: 10, to: 3_000 });
    expect(x(10)).toBeGreaterThan(0.05);
    expect((folds[0]?.x1 ?? 0) - (folds[0]?.x0 ?? 0)).toBeCloseTo(0.08, 5);
    expect(x(3_090)).toBeCloseTo(1, 9);
  });

  it("keeps the order of times, with folds too", () => {
    const busy = [0, 5_000, 60_000].map((from) => ({ from, to: from + 20 }));
    const { x, ticks } = axisOf(busy, 60_020);
    const times = [0, 20, 2_000, 5_000, 5_010, 40_000, 60_000, 60_020];
    const places = times.map(x);
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(ticks.every((tick) => busy.some((one) => tick >= one.from && tick <= one.to))).toBe(
      true,
    );
  });

  it("bears a trace without length", () => {
    const { x, ticks } = axisOf([], 0);
    expect(x(0)).toBe(0);
    expect(ticks).toEqual([0]);
  });
});
