import { afterEach, describe, expect, it, vi } from "vitest";
import { Problem } from "@/problem";
import { systemApi } from "./api";
import type { Fault } from "./documents";
import { faultOf, OFFERED, othersOf } from "./faults";
import { yamlParts } from "./yaml";

const on = (name: string, kind: Fault["kind"], fault: string, left: number | null): Fault => ({
  ...{ function: name, kind, fault, rate: 1, count_left: null, seconds_left: left, acted: 0 },
});

function offered(id: string) {
  const found = OFFERED.find((one) => one.id === id);
  if (!found) throw new Error(id);
  return found;
}

describe("fault switches", () => {
  it("end by themselves", () => {
    for (const { wish } of OFFERED) expect(wish.lasts).toBeGreaterThan(0);
  });

  it("know which of two of a kind is on", () => {
    const faults = [on("match-student", "fail", "fail 422", 9)];
    expect(faultOf(offered("refusing"), faults)).toBe(faults[0]);
    expect(faultOf(offered("failing"), faults)).toBeUndefined();
  });

  it("leave the others of their function on, for the time they still had", () => {
    const faults = [
      on("match-student", "slow", "slow 3 s", 41.5),
      on("match-student", "fail", "fail 503", 12),
      on("book-tutor", "duplicate", "duplicate", 50),
    ];
    expect(othersOf(offered("failing"), faults)).toEqual([
      { function: "match-student", kind: "slow", seconds: 3, lasts: 41.5 },
    ]);
  });
});

describe("the system API", () => {
  afterEach(() => vi.unstubAllGlobals());

  it("throws what the system said when it refuses, and that nobody answered when nobody did", async () => {
    const api = systemApi("/system/api", ["burst"]);
    const refused = Response.json({ title: "Refused", detail: "still running" }, { status: 409 });
    vi.stubGlobal("fetch", () => Promise.resolve(refused));
    await expect(api.post("burst", { count: 50 })).rejects.toEqual(
      new Problem(409, "Refused", "still running"),
    );
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("no connection")));
    await expect(api.get("functions")).rejects.toMatchObject({ status: 0 });
  });

  it("changes things only as JSON, and can only what the installation can", async () => {
    const asked = vi.fn(() => Promise.resolve(Response.json({})));
    vi.stubGlobal("fetch", asked);
    const api = systemApi("/system/api", ["functions"]);
    await api.post("zero");
    expect(asked).toHaveBeenCalledWith(
      "/system/api/zero",
      expect.objectContaining({ method: "POST", headers: { "content-type": "application/json" } }),
    );
    expect([api.can("functions"), api.can("zero")]).toEqual([true, false]);
  });
});

describe("YAML", () => {
  it("is split into parts that are the text again", () => {
    const text = 'kind: Service # one\nmetadata:\n  name: "a: b"\n  list: [x, y]\n';
    const parts = yamlParts(text);
    expect(parts.map((part) => part.text).join("")).toBe(text);
    const of = (kind: string) => parts.filter((one) => one.kind === kind).map((one) => one.text);
    expect(of("key")).toEqual(["kind", "metadata", "name", "list"]);
    expect(of("string")).toEqual(['"a: b"']);
    expect(of("comment")).toEqual(["# one"]);
  });
});
