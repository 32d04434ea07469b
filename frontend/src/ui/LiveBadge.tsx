import { Badge } from "./Badge";
import type { Tone } from "./Badge";
import type { LiveState } from "./live-slot";

const LOOK: Record<LiveState, { tone: Tone; words: string; dot: "full" | "hollow" }> = {
  live: { tone: "accent", words: "Live", dot: "full" },
  connecting: { tone: "neutral", words: "Connecting", dot: "hollow" },
  reconnecting: { tone: "amber", words: "Reconnecting", dot: "hollow" },
  polling: { tone: "amber", words: "Checking every few seconds", dot: "full" },
  offline: { tone: "error", words: "Offline", dot: "hollow" },
};

/** How fresh the page is. It may flap, so it is never announced by itself. */
export function LiveBadge({ state }: { state: LiveState }) {
  const { tone, words, dot } = LOOK[state];
  return (
    <span aria-live="off" data-live={state}>
      <Badge tone={tone} dot={dot}>
        {words}
      </Badge>
    </span>
  );
}
