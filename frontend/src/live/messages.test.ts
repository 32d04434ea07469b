import { describe, expect, it } from "vitest";
import { hear, messageIn, messageOfEvent, NOTHING_HEARD } from "./messages";
import type { Heard, Message } from "./messages";

const told = (id: number): Message => ({ id, event: "matched", data: { round: id } });
const after = (ids: number[], heard: Heard = NOTHING_HEARD) =>
  ids.reduce((known, id) => hear(known, told(id)), heard);
const seen = (heard: Heard) => heard.messages.map(({ id }) => id);

/** A server that streams everything after a place, as ours does. */
const sent = (all: number[], upTo: number) => all.filter((id) => id > upTo);

describe("what was heard", () => {
  it("is in order and up to its last when nothing breaks", () => {
    const heard = after([1, 2, 3]);
    expect(seen(heard)).toEqual([1, 2, 3]);
    expect(heard.upTo).toBe(3);
  });

  it("holds a repeated message once, and is then the very same", () => {
    const heard = after([1, 2]);
    expect(hear(heard, told(2))).toBe(heard);
  });

  it("puts a late message in its place", () => {
    expect(seen(after([1, 3, 2]))).toEqual([1, 2, 3]);
    expect(after([1, 3, 2]).upTo).toBe(3);
  });

  it("goes on before a gap, so that what is missing is sent again", () => {
    const cut = after([1, 2, 4]);
    expect(cut.upTo).toBe(2);
    const whole = after(sent([1, 2, 3, 4, 5], cut.upTo), cut);
    expect(seen(whole)).toEqual([1, 2, 3, 4, 5]);
    expect(whole.upTo).toBe(5);
  });

  it("begins with what is kept when the oldest are gone", () => {
    expect(after([7, 8]).upTo).toBe(8);
    expect(after([8, 7]).upTo).toBe(8);
  });

  it("loses nothing and doubles nothing over every cut of a stream", () => {
    const all = [1, 2, 3, 4, 5];
    for (const first of [0, 1, 2, 3, 4, 5]) {
      for (const second of [0, 1, 2, 3, 4, 5]) {
        const once = after(all.slice(0, first));
        const twice = after(sent(all, once.upTo).slice(0, second), once);
        expect(seen(after(sent(all, twice.upTo), twice))).toEqual(all);
      }
    }
  });

  it("is the same when a server that restarted sends all of it again", () => {
    const heard = after([1, 2, 3]);
    expect(after([1, 2, 3], heard)).toBe(heard);
  });
});

describe("a message on the wire", () => {
  const message = { id: 3, event: "matched", data: { round: 1 } };

  it("is the same from both ways", () => {
    expect(messageIn(JSON.stringify(message))).toEqual(message);
    expect(messageOfEvent("matched", "3", '{"round":1}')).toEqual(message);
  });

  it.each(["", "no JSON", "null", "7", '{"id":"3","event":"matched","data":{}}', '{"id":3}'])(
    "is nothing when it is %j",
    (text) => expect(messageIn(text)).toBeUndefined(),
  );

  it("is nothing without a place or without JSON", () => {
    expect(messageOfEvent("matched", "", "{}")).toBeUndefined();
    expect(messageOfEvent("matched", "3", "{")).toBeUndefined();
  });
});
