import { describe, expect, it } from "vitest";
import { pagesIn, withPage } from "./pages";
import type { KnownPage } from "./pages";

const page = (id: string): KnownPage => ({ kind: "student", id, name: `Name of ${id}` });

describe("the pages of a device", () => {
  it.each([null, "", "{", "7", '{"id":"a"}', '[null,{"kind":"cat","id":"a","name":"b"}]'])(
    "are none when %j is stored",
    (stored) => expect(pagesIn(stored)).toEqual([]),
  );

  it("are what was stored, without what is none", () => {
    expect(pagesIn(JSON.stringify([page("a"), 7]))).toEqual([page("a")]);
  });

  it("begin with the newest, which is there once, and are few", () => {
    const many = Array.from({ length: 30 }, (_, index) => page(String(index)));
    const pages = withPage(many, page("3"));
    expect(pages[0]).toEqual(page("3"));
    expect(pages.filter(({ id }) => id === "3")).toHaveLength(1);
    expect(pages).toHaveLength(12);
  });
});
