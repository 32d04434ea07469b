import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Listed, News } from "./documents";
import { EMPTY_FEED, MOST_ROWS, withListed, withNews } from "./feed";
import stored from "./fixtures/events.json";

const tail = readFileSync(new URL("./fixtures/tail.jsonl", import.meta.url), "utf-8");
const news = tail
  .split("\n")
  .filter(Boolean)
  .map((line) => JSON.parse(line) as News);
const listed = stored.events as unknown as Listed[];

describe("the live list", () => {
  it("shows each event once, the newest first, with who took it", () => {
    const { rows } = withNews(EMPTY_FEED, news);
    expect(new Set(rows.map((row) => row.id)).size).toBe(rows.length);
    expect(rows.map((row) => row.at)).toEqual(rows.map((row) => row.at).sort((a, b) => b - a));
    const registered = rows.find((row) => row.topic === "student.registered");
    expect(registered?.taken).toMatchObject([
      { function: "match-student", state: "delivered", status: 204, attempts: 1 },
    ]);
  });

  it("is the same when news are heard again", () => {
    const once = withNews(EMPTY_FEED, news);
    expect(withNews(once, news)).toEqual(once);
  });

  it("leaves dead letters to their own list, and keeps the event that became one", () => {
    const { rows } = withListed(EMPTY_FEED, listed);
    expect(rows.some((row) => row.topic === "dead.letter")).toBe(false);
    expect(rows[0]?.taken).toMatchObject([{ state: "dead letter", status: 422 }]);
  });

  it("takes a later attempt, never an earlier one in its place", () => {
    const first = news.find((one) => one.delivery);
    if (!first?.delivery) throw new Error("the fixture has no delivery");
    const later = { delivery: { ...first.delivery, number: 3, state: "waiting for retry 3 of 7" } };
    const after = withNews(withNews(EMPTY_FEED, news), [later, first]);
    const row = after.rows.find((one) => one.id === first.delivery?.event_id);
    const taken = row?.taken.find((one) => one.source === first.delivery?.source);
    expect(taken).toMatchObject({ attempts: 3, state: "waiting for retry 3 of 7" });
  });

  it("counts what was missed, and stays bounded", () => {
    const event = news.find((one) => one.event)?.event;
    if (!event) throw new Error("the fixture has no event");
    const many = Array.from({ length: MOST_ROWS + 20 }, (_, n) => ({
      event: { ...event, event_id: `event-${n}`, timestamp: n },
    }));
    const feed = withNews(EMPTY_FEED, [...many, { missed: 7 }]);
    expect(feed.rows).toHaveLength(MOST_ROWS);
    expect(feed.rows[0]?.id).toBe(`event-${MOST_ROWS + 19}`);
    expect(feed.missed).toBe(7);
  });
});
