/** A function of the flow, and the manifest that deploys it. */
export interface FlowNode {
  function: string;
  kind: string | null;
  database: string | null;
  service: string | null;
  routes: string[];
  story: string;
  file: string;
  yaml: string;
}

/** One topic's way from who says it to who hears it, and the manifest that made it. */
export interface FlowArrow {
  from: string;
  to: string;
  topic: string;
  source: string;
  retry: number;
  file: string;
  yaml: string;
}

export interface Flow {
  nodes: FlowNode[];
  arrows: FlowArrow[];
}

/** All ways between two functions, drawn as one line. */
export interface Link {
  id: string;
  from: string;
  to: string;
  arrows: FlowArrow[];
}

/** The arrows between functions, one link for each pair, in the order of the arrows. */
export function linksOf(arrows: readonly FlowArrow[]): Link[] {
  const found = new Map<string, Link>();
  for (const arrow of arrows) {
    const id = `${arrow.from} ${arrow.to}`;
    const link = found.get(id) ?? { id, from: arrow.from, to: arrow.to, arrows: [] };
    link.arrows.push(arrow);
    found.set(id, link);
  }
  return [...found.values()];
}

/** The functions that say or hear something, those that are asked first. */
export function speakers(flow: Flow): string[] {
  const named = new Set(flow.arrows.flatMap((arrow) => [arrow.from, arrow.to]));
  const found = flow.nodes.filter((node) => named.has(node.function));
  return found.map((node) => node.function);
}

/** What wakes a function, in words: its routes, or the events it hears. */
export function hears(name: string, flow: Flow): string[] {
  const found = flow.nodes.find((node) => node.function === name)?.routes ?? [];
  const routes = found.map((route) => route.replace(/\{\w+\}/gu, "{id}"));
  const topics = flow.arrows.filter((arrow) => arrow.to === name).map((arrow) => arrow.topic);
  return [...routes, ...new Set(topics)];
}
