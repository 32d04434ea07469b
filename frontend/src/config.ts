/** Where functions answer and what this installation can do; read once per visit. */
export interface Config {
  /** Base URL of each operation; '' or nothing is the origin of this page. */
  functions: Readonly<Record<string, string>>;
  /** The system page's source, null where there is none. */
  system: { url: string; can: readonly string[] } | null;
  /** Ways to be told at once, the best first. */
  live: readonly LiveWay[];
}

export type LiveWay = "sse" | "websocket";

export const SAME_ORIGIN: Config = { functions: {}, system: null, live: ["sse", "websocket"] };

let loading: Promise<Config> | undefined;

/** The configuration. A 404 means that everything is at this origin; other failures are tried anew. */
export function config(): Promise<Config> {
  loading ??= load().catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

async function load(): Promise<Config> {
  const answer = await fetch("/config.json", { cache: "no-cache" });
  if (answer.status === 404) return SAME_ORIGIN;
  if (!answer.ok) throw new Error(`/config.json answered ${answer.status}`);
  return { ...SAME_ORIGIN, ...((await answer.json()) as Partial<Config>) };
}

/** The address of a path of an operation. */
export function address(known: Config, operation: string, path: string): string {
  return (known.functions[operation] ?? "").replace(/\/$/u, "") + path;
}
