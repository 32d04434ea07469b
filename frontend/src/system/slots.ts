import type { Edge } from "./layering";

/** A place in a layer: a function's, or one that a long way passes through. */
export interface Slot {
  id: string;
  layer: number;
  /** The id of the link that passes here; undefined for a function. */
  passing?: string;
  /** Ids of the slots before and behind it. */
  near: string[];
  height: number;
  /** Its middle. */
  y: number;
}

const SWEEPS = 8;
const PASSING_HEIGHT = 10;

/** The slots of each layer, ordered so that few ways cross. */
export function ordered(
  ids: readonly string[],
  layers: ReadonlyMap<string, number>,
  edges: readonly Edge[],
): Slot[][] {
  const slots = new Map<string, Slot>();
  for (const id of ids) slots.set(id, slot(id, layers.get(id) ?? 0));
  for (const edge of edges) if (!edge.back) connect(edge, slots);
  const count = Math.max(0, ...[...slots.values()].map((one) => one.layer)) + 1;
  const columns = Array.from({ length: count }, (_, layer) =>
    [...slots.values()].filter((one) => one.layer === layer),
  );
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const places = new Map(columns.flatMap((column) => shares(column)));
    const order = sweep % 2 === 0 ? columns : columns.toReversed();
    for (const column of order) {
      column.sort((a, b) => middle(a, places) - middle(b, places));
      for (const [id, place] of shares(column)) places.set(id, place);
    }
  }
  return columns;
}

/** Gives each slot its height and place: near its neighbours, none above another. */
export function placed(columns: Slot[][], height: number, gap: number): Slot[] {
  for (const column of columns) {
    for (const one of column) one.height = one.passing ? PASSING_HEIGHT : height;
    stack(column, gap);
  }
  const tallest = columns.reduce((a, b) => (reach(b) > reach(a) ? b : a), columns[0] ?? []);
  const places = new Map<string, number>();
  for (let sweep = 0; sweep < SWEEPS; sweep += 1)
    for (const column of columns) {
      for (const one of columns.flat()) places.set(one.id, one.y);
      if (column !== tallest) settle(column, places, gap);
    }
  const all = columns.flat();
  const first = Math.min(...all.map((one) => one.y - one.height / 2));
  for (const one of all) one.y += TOP - first;
  return all;
}

/** How far down a column reaches: the tallest stays as it is, the others settle beside it. */
function reach(column: readonly Slot[]): number {
  return Math.max(-Infinity, ...column.map((one) => one.y + one.height / 2));
}

/** Room above, for what a function says to itself. */
const TOP = 26;

function stack(column: Slot[], gap: number): void {
  const whole = column.reduce((total, one) => total + one.height + gap, -gap);
  let at = -whole / 2;
  for (const one of column) {
    one.y = at + one.height / 2;
    at += one.height + gap;
  }
}

/** Moves each towards its neighbours; pushes down what would overlap, and the whole back up. */
function settle(column: Slot[], places: ReadonlyMap<string, number>, gap: number): void {
  const wished = column.map((one) => middle(one, places));
  let least = -Infinity;
  for (const [index, one] of column.entries()) {
    one.y = Math.max(wished[index] ?? one.y, least + one.height / 2);
    least = one.y + one.height / 2 + gap;
  }
  const off = column.map((one, index) => one.y - (wished[index] ?? one.y));
  const mean = off.reduce((total, one) => total + one, 0) / Math.max(1, off.length);
  for (const one of column) one.y -= mean;
}

/** The mean place of its neighbours; its own when it has none. */
function middle(one: Slot, places: ReadonlyMap<string, number>): number {
  const found = one.near.flatMap((id) => places.get(id) ?? []);
  if (found.length === 0) return places.get(one.id) ?? one.y;
  return found.reduce((total, place) => total + place, 0) / found.length;
}

function shares(column: readonly Slot[]): [string, number][] {
  return column.map((one, index) => [one.id, (index + 0.5) / column.length]);
}

function connect({ link }: Edge, slots: Map<string, Slot>): void {
  const [from, to] = [slots.get(link.from), slots.get(link.to)];
  if (!from || !to) return;
  let last = from;
  for (let layer = from.layer + 1; layer < to.layer; layer += 1) {
    const passing: Slot = { ...slot(`${link.id} ${layer}`, layer), passing: link.id };
    slots.set(passing.id, passing);
    join(last, passing);
    last = passing;
  }
  join(last, to);
}

function join(a: Slot, b: Slot): void {
  a.near.push(b.id);
  b.near.push(a.id);
}

function slot(id: string, layer: number): Slot {
  return { id, layer, near: [], height: 0, y: 0 };
}
