import type { Link } from "./flow";
import { edgesOf, layersOf } from "./layering";
import type { Edge } from "./layering";
import { backPath, forwardPath, selfPath } from "./paths";
import { ordered, placed } from "./slots";
import type { Slot } from "./slots";

/** Sizes of the picture, in its own units. */
export const NODE = { width: 168, height: 46 };
export const GAP = { x: 106, y: 18 };
const PORT = 7;
const MARGIN = 4;

export interface Box {
  id: string;
  layer: number;
  x: number;
  y: number;
}

export interface Arrow {
  link: Link;
  d: string;
}

export interface Picture {
  width: number;
  height: number;
  boxes: Box[];
  arrows: Arrow[];
}

/** Functions in layers from left to right, and the ways between them as curves. */
export function pictureOf(ids: readonly string[], links: readonly Link[]): Picture {
  const layers = layersOf(ids, links);
  const edges = edgesOf(ids, links);
  const slots = placed(ordered(ids, layers, edges), NODE.height, GAP.y);
  const byId = new Map(slots.map((slot) => [slot.id, slot]));
  const lowest = Math.max(0, ...slots.map((slot) => slot.y + slot.height / 2));
  const backs = edges.some((edge) => edge.back && edge.link.from !== edge.link.to);
  const count = Math.max(0, ...layers.values()) + 1;
  return {
    width: count * NODE.width + (count - 1) * GAP.x + 2 * MARGIN,
    height: lowest + (backs ? 44 : MARGIN),
    boxes: slots
      .filter((slot) => !slot.passing)
      .map((slot) => ({ id: slot.id, layer: slot.layer, x: left(slot), y: top(slot) })),
    arrows: arrowsOf(edges, byId),
  };
}

function arrowsOf(edges: readonly Edge[], slots: ReadonlyMap<string, Slot>): Arrow[] {
  const ports = portsOf(edges, slots);
  return edges.flatMap(({ link, back }) => {
    const [from, to] = [slots.get(link.from), slots.get(link.to)];
    if (!from || !to) return [];
    if (from === to) return [{ link, d: selfPath(left(from) + NODE.width / 2, top(from)) }];
    if (back) return [{ link, d: backPath(under(from, 20), under(to, -20)) }];
    const start = { x: left(from) + NODE.width, y: from.y + (ports.get(`out ${link.id}`) ?? 0) };
    const end = { x: left(to), y: to.y + (ports.get(`in ${link.id}`) ?? 0) };
    const between = [...slots.values()]
      .filter((slot) => slot.passing === link.id)
      .sort((a, b) => a.layer - b.layer)
      .map((slot) => ({ x: left(slot), y: slot.y, width: NODE.width }));
    return [{ link, d: forwardPath(start, between, end) }];
  });
}

/** Where at its box each way begins and ends, so that they do not lie on each other. */
function portsOf(edges: readonly Edge[], slots: ReadonlyMap<string, Slot>): Map<string, number> {
  const ports = new Map<string, number>();
  const forward = edges.filter((edge) => !edge.back).map((edge) => edge.link);
  for (const id of slots.keys()) {
    spread(
      "out",
      forward.filter((link) => link.from === id),
      (link) => slots.get(link.to),
    );
    spread(
      "in",
      forward.filter((link) => link.to === id),
      (link) => slots.get(link.from),
    );
  }
  return ports;

  function spread(side: string, links: Link[], far: (link: Link) => Slot | undefined): void {
    const sorted = [...links].sort((a, b) => (far(a)?.y ?? 0) - (far(b)?.y ?? 0));
    const step = Math.min(PORT, (NODE.height - 12) / Math.max(1, sorted.length - 1));
    for (const [index, link] of sorted.entries())
      ports.set(`${side} ${link.id}`, (index - (sorted.length - 1) / 2) * step);
  }
}

function left(slot: Slot): number {
  return MARGIN + slot.layer * (NODE.width + GAP.x);
}

function top(slot: Slot): number {
  return slot.y - NODE.height / 2;
}

function under(slot: Slot, aside: number): { x: number; y: number } {
  return { x: left(slot) + NODE.width / 2 - aside, y: slot.y + NODE.height / 2 };
}
