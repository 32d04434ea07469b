import { useEffect, useEffectEvent, useState } from "react";
import { useQueryClient } from "@tanstack/react-query";
import type { Query } from "@tanstack/react-query";
import { address, config } from "@/config";
import type { LiveWay } from "@/config";
import { useLiveBadge } from "@/ui/live-slot";
import type { LiveState } from "@/ui/live-slot";
import { connect } from "./connect";
import type { Message } from "./messages";

interface Stream {
  /** The operation that streams, and its path; null while there is nothing to hear. */
  operation: string;
  path: string | null;
  kinds: readonly string[];
  onMessage: (message: Message) => void;
  onPoll: () => Promise<unknown>;
}

const CONFIG_AGAIN = 3_000;

const failed = (query: Query) => query.state.status === "error";

/** The ways to try: the configured ones, or the one that the page's address asks for first. */
export function waysFor(search: string, configured: readonly LiveWay[]): readonly LiveWay[] {
  const asked = new URLSearchParams(search).get("live");
  if (asked !== "sse" && asked !== "websocket") return configured;
  return [asked, ...configured.filter((way) => way !== asked)];
}

/** Keeps the page told about one stream and shows in the header how fresh it is. */
export function useLive({ operation, path, kinds, onMessage, onPoll }: Stream): void {
  const [state, setState] = useState<LiveState>("connecting");
  const heard = useEffectEvent(onMessage);
  const poll = useEffectEvent(onPoll);
  const queries = useQueryClient();
  const known = kinds.join(" ");
  useLiveBadge(path === null ? null : state);
  useEffect(() => {
    if (path === null) return;
    let end = () => {};
    let over = false;
    const start = async () => {
      const found = await config().catch(() => undefined);
      if (over) return;
      if (found === undefined) {
        setState("reconnecting");
        const waiting = setTimeout(() => void start(), CONFIG_AGAIN);
        end = () => clearTimeout(waiting);
        return;
      }
      end = connect({
        url: address(found, operation, path),
        kinds: known.split(" "),
        ways: waysFor(location.search, found.live),
        onMessage: (message) => heard(message),
        onPoll: () => poll(),
        onState: (next) => {
          setState(next);
          // What nobody answered while the server was away is asked again.
          if (next === "live") void queries.refetchQueries({ predicate: failed });
        },
      });
    };
    void start();
    return () => {
      over = true;
      end();
    };
  }, [operation, path, known, queries]);
}
