import type { Link } from "./flow";

/** A way from one layer to the next; `back` ones lead against the flow. */
export interface Edge {
  link: Link;
  back: boolean;
}

/**
 * The layer of each function: as far right as the longest way to it. Ways that close a circle are
 * marked as leading back and do not count.
 */
export function layersOf(ids: readonly string[], links: readonly Link[]): Map<string, number> {
  return longest(ids, edgesOf(ids, links));
}

/**
 * Each link, and whether it closes a circle: found depth first, once from each function that hears
 * nobody. The way with the fewest links back counts, among those the one with the fewest layers.
 */
export function edgesOf(ids: readonly string[], links: readonly Link[]): Edge[] {
  const heard = new Set(links.map((link) => link.to));
  const roots = ids.filter((id) => !heard.has(id));
  const ways = (roots.length > 0 ? roots : ids.slice(0, 1)).map((first) => {
    const order = [first, ...roots, ...ids];
    const back = closing(order, links);
    const edges = links.map((link) => ({ link, back: back.has(link) }));
    return { edges, cost: back.size * ids.length + depth(ids, edges) };
  });
  const best = ways.reduce((a, b) => (b.cost < a.cost ? b : a), ways[0] ?? { edges: [], cost: 0 });
  return best.edges;
}

function closing(order: readonly string[], links: readonly Link[]): Set<Link> {
  const back = new Set<Link>();
  const open = new Set<string>();
  const done = new Set<string>();
  const visit = (id: string): void => {
    open.add(id);
    for (const link of links.filter((one) => one.from === id)) {
      if (open.has(link.to)) back.add(link);
      else if (!done.has(link.to)) visit(link.to);
    }
    open.delete(id);
    done.add(id);
  };
  for (const id of order) if (!done.has(id)) visit(id);
  return back;
}

function depth(ids: readonly string[], edges: readonly Edge[]): number {
  return Math.max(0, ...longest(ids, edges).values());
}

function longest(ids: readonly string[], edges: readonly Edge[]): Map<string, number> {
  const layers = new Map(ids.map((id) => [id, 0]));
  for (let round = 0; round < ids.length; round += 1)
    for (const { link } of edges.filter((edge) => !edge.back)) {
      const least = (layers.get(link.from) ?? 0) + 1;
      if ((layers.get(link.to) ?? 0) < least) layers.set(link.to, least);
    }
  return layers;
}
