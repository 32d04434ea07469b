import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { News } from "./documents";
import { BEAT_MS, LiveStore } from "./live-store";

function said(topic: string, id: string): News {
  const place = { partition: 0, offset: 0, type: null, trace_id: null, value: null };
  return { event: { topic, key: "max", timestamp: 1, event_id: id, ...place } };
}

describe("what the page has heard", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it("is told in batches, so that a burst does not draw the page for each event", () => {
    const store = new LiveStore();
    let told = 0;
    store.subscribe(() => (told += 1));
    for (let n = 0; n < 50; n += 1) store.hear(said("student.registered", `event-${n}`));
    expect(told).toBe(0);
    vi.runAllTimers();
    expect(told).toBe(1);
    expect(store.get().feed.rows).toHaveLength(50);
  });

  it("lets an arrow pulse calmly: one beat at a time, however many events pass", () => {
    let now = 0;
    const store = new LiveStore(() => now);
    const hear = (id: string) => {
      store.hear(said("tutor.matched", id));
      store.flush();
      return store.get().beats.get("tutor.matched");
    };
    expect([hear("a"), hear("b")]).toEqual([1, 1]);
    now = BEAT_MS;
    expect(hear("c")).toBe(2);
  });

  it("counts deliveries that ended as dead letters", () => {
    const store = new LiveStore();
    const at = { at: 1, event_id: "a", topic: "t", key: null, trace_id: null, replay: null };
    const way = { source: "s", function: "f", number: 1, attempt: null, duplicate: false };
    store.hear({ delivery: { ...at, ...way, state: "dead letter" } });
    store.hear({ delivery: { ...at, ...way, state: "delivered" } });
    store.flush();
    expect(store.get().letters).toBe(1);
  });

  it("does not tell those who left", () => {
    const store = new LiveStore();
    let told = 0;
    store.subscribe(() => (told += 1))();
    store.say("live");
    expect(told).toBe(0);
  });
});
