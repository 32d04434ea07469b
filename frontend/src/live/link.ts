import type { LiveWay } from "@/config";
import type { LiveState } from "@/ui/live-slot";

/** A way to be told: connections of `config.live`, then asking again and again. */
export type Way = LiveWay | "polling";

/** How the page is connected, as plain data: `after` says what an event makes of it. */
export interface Link {
  ways: readonly LiveWay[];
  /** Index of the way that is tried; behind the last one it is polling. */
  at: number;
  phase: "connecting" | "open" | "waiting" | "offline";
  /** Failures in a row on this way. */
  failures: number;
  /** In the phase `waiting`: milliseconds until the next attempt. */
  delay: number;
  polls: number;
  /** What the last poll found: whether the server answered. */
  answered: boolean;
  everOpen: boolean;
}

export type LinkEvent =
  | { type: "opened" }
  /** The connection ended after `lived` milliseconds; 0 when it never opened. */
  | { type: "ended"; lived: number }
  | { type: "waited" }
  | { type: "polled"; answered: boolean }
  | { type: "online" }
  | { type: "offline" };

export const TRIES_PER_WAY = 3;
export const POLL_EVERY = 5_000;
/** So many polls, then the better ways are tried again. */
export const POLLS_PER_ROUND = 6;
/** A connection that lived so long was a good one: its end is no failure. */
export const SHORT_LIFE = 2_000;
const FIRST_DELAY = 400;
const LONGEST_DELAY = 15_000;

export function newLink(ways: readonly LiveWay[]): Link {
  const none = { failures: 0, delay: 0, polls: 0, answered: false, everOpen: false };
  return { ways, at: 0, phase: "connecting", ...none };
}

export function wayOf(link: Link): Way {
  return link.ways[link.at] ?? "polling";
}

/** What the badge shows. */
export function stateOf(link: Link): LiveState {
  if (link.phase === "offline") return "offline";
  if (wayOf(link) === "polling") return link.answered ? "polling" : "reconnecting";
  if (link.phase === "open") return "live";
  return link.everOpen || link.failures > 0 ? "reconnecting" : "connecting";
}

/** The link after an event; `chance` (0 to 1) spreads the attempts of many pages. */
export function after(link: Link, event: LinkEvent, chance: number): Link {
  switch (event.type) {
    case "opened":
      return { ...link, phase: "open", everOpen: true };
    case "ended":
      if (link.phase === "offline") return link;
      return event.lived >= SHORT_LIFE ? again(link, 0, chance) : failed(link, chance);
    case "waited":
      return link.phase === "waiting" ? { ...link, phase: "connecting" } : link;
    case "polled":
      return polled(link, event.answered);
    case "online":
      return { ...newLink(link.ways), everOpen: link.everOpen };
    case "offline":
      return { ...link, phase: "offline" };
  }
}

function failed(link: Link, chance: number): Link {
  const failures = link.failures + 1;
  if (failures < TRIES_PER_WAY) return again(link, failures, chance);
  const next = { ...link, at: link.at + 1, failures: 0, polls: 0, answered: false };
  if (wayOf(next) === "polling") return { ...next, phase: "waiting", delay: 0 };
  return { ...next, phase: "waiting", delay: backoff(1, chance) };
}

function again(link: Link, failures: number, chance: number): Link {
  return { ...link, phase: "waiting", failures, delay: backoff(failures, chance) };
}

/** A server that is back, or has had its time, is asked for the better ways again. */
function polled(link: Link, answered: boolean): Link {
  const polls = link.polls + 1;
  const back = answered && !link.answered && polls > 1;
  if (back || polls >= POLLS_PER_ROUND) {
    return { ...link, at: 0, failures: 0, polls: 0, phase: "connecting" };
  }
  return { ...link, polls, answered, phase: "waiting", delay: POLL_EVERY };
}

function backoff(failures: number, chance: number): number {
  const most = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** failures);
  return Math.round(most * (0.5 + chance / 2));
}
