import { describe, expect, it } from "vitest";
import { follow, jsonLines } from "./lines";
import type { Following } from "./lines";

function bodyOf(...chunks: (string | Uint8Array)[]): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks)
        controller.enqueue(typeof chunk === "string" ? encoder.encode(chunk) : chunk);
      controller.close();
    },
  });
}

async function all(body: ReadableStream<Uint8Array>): Promise<unknown[]> {
  const found = [];
  for await (const line of jsonLines(body)) found.push(line);
  return found;
}

describe("JSON lines", () => {
  it("are put together from pieces that end anywhere", async () => {
    expect(await all(bodyOf('{"a":', "1}\n\n", '{"b":2}\n{"c"', ":3}\n"))).toEqual([
      { a: 1 },
      { b: 2 },
      { c: 3 },
    ]);
  });

  it("keep a character that two pieces share", async () => {
    const bytes = new TextEncoder().encode('{"name":"Zoë"}\n');
    expect(await all(bodyOf(bytes.slice(0, 12), bytes.slice(12)))).toEqual([{ name: "Zoë" }]);
  });

  it("leave out a last line that broke off", async () => {
    expect(await all(bodyOf('{"a":1}\n{"b'))).toEqual([{ a: 1 }]);
  });
});

describe("a stream", () => {
  it("that falls silent is given up", async () => {
    let given = false;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode('{"a":1}\n')),
      cancel: () => {
        given = true;
      },
    });
    const lines = jsonLines(body, 20);
    expect((await lines.next()).value).toEqual({ a: 1 });
    await expect(lines.next()).rejects.toThrow("silent");
    expect(given).toBe(true);
  });
});

describe("following", () => {
  it("opens again after an end and after a refusal, longer and longer apart, until given up", async () => {
    const giveUp = new AbortController();
    const [heard, said, waits] = [[] as unknown[], [] as Following[], [] as number[]];
    let opened = 0;
    let repeated = 0;
    await follow({
      open: () => {
        opened += 1;
        if (opened === 2 || opened === 3) return Promise.reject(new Error("refused"));
        return Promise.resolve(bodyOf(`{"n":${opened}}\n`));
      },
      hear: (item) => heard.push(item),
      say: (state) => said.push(state),
      again: () => (repeated += 1),
      signal: giveUp.signal,
      wait: (ms) => {
        waits.push(ms);
        if (waits.length === 4) giveUp.abort();
        return Promise.resolve();
      },
    });
    expect(heard).toEqual([{ n: 1 }, { n: 4 }]);
    expect(waits).toEqual([500, 1_000, 2_000, 500]);
    expect(repeated).toBe(1);
    expect(said.slice(0, 3)).toEqual(["connecting", "live", "reconnecting"]);
  });
});
