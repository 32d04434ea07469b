import { describe, expect, it } from "vitest";
import recorded from "./fixtures/flow.json";
import { hears, linksOf, speakers } from "./flow";
import type { Flow } from "./flow";
import { edgesOf, layersOf } from "./layering";
import { GAP, NODE, pictureOf } from "./picture";

const flow = recorded as Flow;
const ids = speakers(flow);
const links = linksOf(flow.arrows);

describe("the flow", () => {
  it("draws one link for each pair, with all its topics", () => {
    const link = links.find((one) => one.from === "book-tutor" && one.to === "index-tutor");
    expect(link?.arrows.map((arrow) => arrow.topic)).toEqual(["tutor.matched", "tutor.released"]);
    expect(links.flatMap((one) => one.arrows)).toHaveLength(flow.arrows.length);
  });

  it("leaves out functions that say nothing and hear no event", () => {
    expect(ids).toContain("match-student");
    expect(ids).not.toContain("list-tutors");
  });

  it("says what wakes a function", () => {
    expect(hears("register-student", flow)).toEqual(["POST /api/students"]);
    expect(hears("match-student", flow)).toContain("match.declined");
    expect(new Set(hears("match-student", flow)).size).toBe(hears("match-student", flow).length);
  });
});

describe("its layers", () => {
  const layers = layersOf(ids, links);

  it("begin with those who are asked over HTTP", () => {
    for (const id of ids.filter((one) => flow.nodes.some((n) => n.function === one && n.routes[0])))
      expect(layers.get(id)).toBe(0);
  });

  it("lead to the right, but for ways that close a circle", () => {
    for (const { link, back } of edgesOf(ids, links))
      if (!back) expect(layers.get(link.from)).toBeLessThan(layers.get(link.to) ?? 0);
    const backs = edgesOf(ids, links).filter((edge) => edge.back);
    expect(backs.map((edge) => edge.link.id)).toContain("match-student match-student");
    expect(backs.map((edge) => edge.link.id)).toContain("book-tutor match-student");
  });
});

describe("its picture", () => {
  const picture = pictureOf(ids, links);

  it("has every function and every link, all inside", () => {
    expect(picture.boxes).toHaveLength(ids.length);
    expect(picture.arrows).toHaveLength(links.length);
    for (const box of picture.boxes) {
      expect(box.x).toBeGreaterThanOrEqual(0);
      expect(box.y).toBeGreaterThanOrEqual(0);
      expect(box.x + NODE.width).toBeLessThanOrEqual(picture.width);
      expect(box.y + NODE.height).toBeLessThanOrEqual(picture.height);
    }
    for (const arrow of picture.arrows) expect(arrow.d).not.toMatch(/NaN|Infinity/);
  });

  it("lets no box lie on another", () => {
    for (const [index, a] of picture.boxes.entries())
      for (const b of picture.boxes.slice(index + 1))
        if (a.layer === b.layer)
          expect(Math.abs(a.y - b.y)).toBeGreaterThanOrEqual(NODE.height + GAP.y - 0.01);
  });

  it("bears nothing at all", () => {
    expect(pictureOf([], [])).toMatchObject({ boxes: [], arrows: [] });
  });
});
