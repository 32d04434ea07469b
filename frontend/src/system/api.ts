import { createContext, useContext } from "react";
import { problemOf, unreachable } from "@/problem";

/** What an installation may be asked on this page; on a cluster only to look. */
export type Can =
  "functions" | "events" | "traces" | "letters" | "faults" | "burst" | "zero" | "flow";

/** The system API: the control API as the gateway passes it on. Every call throws a Problem. */
export interface SystemApi {
  can: (what: Can) => boolean;
  get: <T>(path: string, signal?: AbortSignal) => Promise<T>;
  post: <T>(path: string, body?: unknown) => Promise<T>;
  /** An answer that goes on: its body, as it comes. */
  lines: (path: string, signal: AbortSignal) => Promise<ReadableStream<Uint8Array>>;
}

export function systemApi(url: string, abilities: readonly string[]): SystemApi {
  const ask = async (path: string, init: RequestInit): Promise<Response> => {
    const answer = await fetch(`${url}/${path}`, { cache: "no-store", ...init }).catch(
      (error: unknown) => {
        throw init.signal?.aborted ? error : unreachable();
      },
    );
    if (!answer.ok) throw problemOf(answer.status, await answer.json().catch(() => null));
    return answer;
  };
  const json = async <T>(path: string, init: RequestInit): Promise<T> =>
    (await (await ask(path, init)).json()) as T;
  return {
    can: (what) => abilities.includes(what),
    get: (path, signal) => json(path, signal ? { signal } : {}),
    post: (path, body = {}) => {
      const headers = { "content-type": "application/json" };
      return json(path, { method: "POST", headers, body: JSON.stringify(body) });
    },
    lines: async (path, signal) => {
      const answer = await ask(path, { signal });
      if (!answer.body) throw unreachable();
      return answer.body;
    },
  };
}

export const ApiContext = createContext<SystemApi | null>(null);

/** The system API of the page around. */
export function useApi(): SystemApi {
  const api = useContext(ApiContext);
  if (!api) throw new Error("useApi is for parts of the system page");
  return api;
}
