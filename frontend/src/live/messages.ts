/** One notification as every way of being told carries it. */
export interface Message<Kind extends string = string, Data = unknown> {
  /** Its place among its recipient's: 1, 2, 3 … */
  id: number;
  event: Kind;
  data: Data;
}

/** What was heard so far, each once, in order. */
export interface Heard<M extends Message = Message> {
  messages: readonly M[];
  /** All up to here was heard; where a new connection goes on. */
  upTo: number;
}

export const NOTHING_HEARD: Heard<never> = { messages: [], upTo: 0 };

/**
 * What is known after one more message; the same object when it was known before.
 *
 * Two connections may overlap while one replaces the other, so a message may come twice or late.
 * The end of the run without a gap is where to go on: what is still on its way is then sent again
 * rather than lost. The run begins at the first message heard, as old ones may be gone for good.
 */
export function hear<M extends Message>(heard: Heard<M>, message: M): Heard<M> {
  if (heard.messages.some((known) => known.id === message.id)) return heard;
  const messages = [...heard.messages, message].sort((one, other) => one.id - other.id);
  return { messages, upTo: endOfRun(messages) };
}

function endOfRun(messages: readonly Message[]): number {
  let end = (messages[0]?.id ?? 1) - 1;
  for (const { id } of messages) if (id === end + 1) end = id;
  return end;
}

/** The message in a WebSocket's text, or undefined for anything else. */
export function messageIn(text: unknown): Message | undefined {
  if (typeof text !== "string") return undefined;
  return messageOf(parsed(text));
}

/** The message of one server-sent event. */
export function messageOfEvent(kind: string, id: string, data: unknown): Message | undefined {
  if (typeof data !== "string" || id === "") return undefined;
  return messageOf({ id: Number(id), event: kind, data: parsed(data) });
}

function messageOf(value: unknown): Message | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { id, event, data } = value as Partial<Message>;
  const whole = Number.isSafeInteger(id) && typeof event === "string" && data !== undefined;
  return whole ? { id: id as number, event: event as string, data } : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
