import { useRef, useState } from "react";
import { newKey } from "@/calls";
import { Problem } from "@/problem";
import type { FormKind } from "./checking";

interface Submitting {
  busy: boolean;
  /** Why it was not done; null before, during and after success. */
  problem: Problem | null;
  /**
   * Checks `body` as the contract says, then sends it under a key that stays the same while the
   * same is sent again. True when it was done.
   */
  submit: (
    body: object,
    kind: FormKind | null,
    send: (key: string) => Promise<unknown>,
  ) => Promise<boolean>;
  clear: () => void;
}

/** The life of one form's submit. */
export function useSubmit(): Submitting {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const sent = useRef({ body: "", key: "" });

  async function submit(
    body: object,
    kind: FormKind | null,
    send: (key: string) => Promise<unknown>,
  ): Promise<boolean> {
    setBusy(true);
    const found = (kind && (await wrong(kind, body))) || (await failure(() => send(keyFor(body))));
    if (!found) sent.current = { body: "", key: "" };
    setProblem(found);
    setBusy(false);
    return found === null;
  }

  function keyFor(body: object): string {
    const written = JSON.stringify(body);
    if (sent.current.body !== written) sent.current = { body: written, key: newKey() };
    return sent.current.key;
  }

  return { busy, problem, submit, clear: () => setProblem(null) };
}

/** What the schema finds, which is loaded when it is first needed; without it the server checks. */
async function wrong(kind: FormKind, body: object): Promise<Problem | null> {
  const { check } = await import("./checking").catch(() => ({ check: () => [] }));
  const fields = check(kind, body);
  return fields.length > 0 ? new Problem(422, "Not complete", "", fields) : null;
}

async function failure(send: () => Promise<unknown>): Promise<Problem | null> {
  try {
    await send();
    return null;
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
}
