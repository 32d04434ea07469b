import { address, config } from "./config";
import { Problem, problemOf, unreachable } from "./problem";

/** What every call of the generated client gets. */
export interface Shared {
  baseUrl: string;
  headers: Record<string, string>;
  signal?: AbortSignal;
}

interface Answered<T> {
  data?: T | undefined;
  error?: unknown;
  response?: Response | undefined;
}

/** An answer, with the version it is of. */
export interface Versioned<T> {
  data: T;
  /** The ETag, to be sent as If-Match with a change; '' without one. */
  etag: string;
}

export interface CallOptions {
  /** One key per submit: a repetition of the same submit is answered, not done again. */
  key?: string;
  signal?: AbortSignal;
}

/**
 * Calls an operation through the generated client at the address of its function.
 * Throws a Problem when it is refused or when nobody answers.
 */
export async function call<T>(
  operation: string,
  through: (shared: Shared) => Promise<Answered<T>>,
  options: CallOptions = {},
): Promise<Versioned<T>> {
  const known = await config().catch(() => {
    throw unreachable();
  });
  const headers: Record<string, string> = {};
  if (options.key) headers["Idempotency-Key"] = options.key;
  const baseUrl = new URL(address(known, operation, ""), location.origin).href.replace(/\/$/u, "");
  const shared = { baseUrl, headers, ...(options.signal && { signal: options.signal }) };
  const { data, error, response } = await through(shared);
  if (options.signal?.aborted) throw new DOMException("Given up", "AbortError");
  if (response === undefined) throw unreachable();
  if (!response.ok) throw problemOf(response.status, error);
  if (error !== undefined)
    throw new Problem(response.status, "Not readable", "The answer broke off.");
  return { data: data as T, etag: response.headers.get("etag") ?? "" };
}

/** A key for one submit; also where crypto.randomUUID is missing (plain http on a LAN). */
export function newKey(): string {
  const random = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
