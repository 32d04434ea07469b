import { describe, expect, it } from "vitest";
import { after, newLink, POLL_EVERY, POLLS_PER_ROUND, SHORT_LIFE, stateOf, wayOf } from "./link";
import type { Link, LinkEvent } from "./link";

const BOTH = ["sse", "websocket"] as const;
const opened: LinkEvent = { type: "opened" };
const refused: LinkEvent = { type: "ended", lived: 0 };
const cut: LinkEvent = { type: "ended", lived: SHORT_LIFE };
const waited: LinkEvent = { type: "waited" };
const polled: LinkEvent = { type: "polled", answered: true };
const unanswered: LinkEvent = { type: "polled", answered: false };

const history = (events: LinkEvent[], link: Link = newLink(BOTH)) =>
  events.reduce((known, event) => after(known, event, 1), link);
const times = (count: number, ...events: LinkEvent[]) => Array(count).fill(events).flat();

describe("a link", () => {
  it("is connecting, then live", () => {
    expect(stateOf(newLink(BOTH))).toBe("connecting");
    expect(stateOf(history([opened]))).toBe("live");
  });

  it("reconnects on the same way after a cut, soon and without counting a failure", () => {
    const link = history([opened, cut]);
    expect(stateOf(link)).toBe("reconnecting");
    expect([link.phase, wayOf(link), link.failures]).toEqual(["waiting", "sse", 0]);
    expect(link.delay).toBeLessThan(500);
    expect(stateOf(history([waited, opened], link))).toBe("live");
  });

  it("waits longer after each failure", () => {
    const once = history([refused]);
    const twice = history([waited, refused], once);
    expect(twice.delay).toBe(2 * once.delay);
  });

  it("never waits the same for all pages", () => {
    expect(after(newLink(BOTH), refused, 0).delay).toBeLessThan(history([refused]).delay);
  });

  it("takes the other way after three failures in a row", () => {
    expect(wayOf(history(times(2, refused, waited)))).toBe("sse");
    expect(wayOf(history(times(3, refused, waited)))).toBe("websocket");
  });

  it("counts a connection that ends at once as a failure", () => {
    const short: LinkEvent = { type: "ended", lived: SHORT_LIFE - 1 };
    expect(wayOf(history(times(3, opened, short, waited)))).toBe("websocket");
  });

  it("forgets failures when a connection was good", () => {
    const events = [refused, waited, refused, waited, opened, cut, waited, refused, waited];
    expect(wayOf(history(events))).toBe("sse");
  });

  it("polls when both ways failed, and tries them again after some polls", () => {
    const polling = history(times(6, refused, waited));
    expect(stateOf(history([polled], polling))).toBe("polling");
    expect(history([polled], polling).delay).toBe(POLL_EVERY);
    const again = history(times(POLLS_PER_ROUND, polled), polling);
    expect([wayOf(again), again.phase]).toEqual(["sse", "connecting"]);
  });

  it("says reconnecting while polls find nobody, and connects as soon as one does", () => {
    const away = history([...times(6, refused, waited), unanswered, waited]);
    expect(stateOf(away)).toBe("reconnecting");
    const back = history([polled], away);
    expect([wayOf(back), back.phase]).toEqual(["sse", "connecting"]);
  });

  it("rests while the browser is offline and begins anew when it is not", () => {
    const offline = history([opened, { type: "offline" }, cut]);
    expect(stateOf(offline)).toBe("offline");
    const online = history([{ type: "online" }], offline);
    expect([stateOf(online), online.phase]).toEqual(["reconnecting", "connecting"]);
  });
});
