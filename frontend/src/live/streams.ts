import type { LiveWay } from "@/config";
import { messageIn, messageOfEvent } from "./messages";
import type { Message } from "./messages";

/** What a connection tells whoever opened it; `ended` comes once and last. */
export interface Listener {
  opened: () => void;
  message: (message: Message) => void;
  ended: () => void;
}

/** Opens a connection that goes on after `upTo`; the answer closes it without a word. */
export type Open = (
  url: string,
  upTo: number,
  kinds: readonly string[],
  listener: Listener,
) => () => void;

/** Where a stream goes on: a parameter, since a page cannot set the header of an EventSource. */
export function resuming(url: string, upTo: number): string {
  return upTo > 0 ? `${url}?last_event_id=${upTo}` : url;
}

/** Server-sent events. Any error ends it: when to try again is decided in one place only. */
const openEvents: Open = (url, upTo, kinds, listener) => {
  const source = new EventSource(resuming(url, upTo));
  source.onopen = () => listener.opened();
  source.onerror = () => {
    source.close();
    listener.ended();
  };
  for (const kind of kinds) {
    source.addEventListener(kind, (event: MessageEvent) => {
      const message = messageOfEvent(kind, event.lastEventId, event.data);
      if (message) listener.message(message);
    });
  }
  return () => source.close();
};

const openSocket: Open = (url, upTo, kinds, listener) => {
  const address = new URL(resuming(url, upTo), location.href);
  address.protocol = address.protocol.replace("http", "ws");
  const socket = new WebSocket(address, "learnflow.v1");
  let listening = true;
  socket.onopen = () => listening && listener.opened();
  socket.onclose = () => listening && listener.ended();
  socket.onmessage = (event) => {
    const message = messageIn(event.data);
    if (listening && message && kinds.includes(message.event)) listener.message(message);
  };
  return () => {
    listening = false;
    socket.close();
  };
};

export const OPEN: Record<LiveWay, Open> = { sse: openEvents, websocket: openSocket };
