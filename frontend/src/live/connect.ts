import type { LiveWay } from "@/config";
import type { LiveState } from "@/ui/live-slot";
import { after, newLink, stateOf, wayOf } from "./link";
import type { Link, LinkEvent } from "./link";
import { OPEN } from "./streams";
import { hear, NOTHING_HEARD } from "./messages";
import type { Heard, Message } from "./messages";

export interface Wanted {
  /** The stream's address. */
  url: string;
  kinds: readonly string[];
  ways: readonly LiveWay[];
  /** Each message once; those of before the visit first. */
  onMessage: (message: Message) => void;
  /** Time to ask for what the stream would have told; rejects when nobody answers. */
  onPoll: () => Promise<unknown>;
  onState: (state: LiveState) => void;
}

/** After so long in the background a connection may be dead without saying so. */
const ASLEEP = 30_000;

/** Keeps a page told, whatever breaks; the answer ends it. */
export function connect(wanted: Wanted): () => void {
  let link: Link = newLink(wanted.ways);
  let heard: Heard = NOTHING_HEARD;
  let stop = () => {};
  let over = false;

  function happened(event: LinkEvent): void {
    if (over) return;
    link = after(link, event, Math.random());
    wanted.onState(stateOf(link));
    if (event.type === "opened") return;
    stop();
    stop = act();
  }

  function act(): () => void {
    if (link.phase === "waiting" && (link.delay > 0 || wayOf(link) !== "polling")) {
      const waiting = setTimeout(() => happened({ type: "waited" }), link.delay);
      return () => clearTimeout(waiting);
    }
    if (link.phase === "offline") return () => {};
    const way = wayOf(link);
    return way === "polling" ? poll() : open(way);
  }

  function poll(): () => void {
    let current = true;
    const done = (answered: boolean) => current && happened({ type: "polled", answered });
    wanted.onPoll().then(
      () => done(true),
      () => done(false),
    );
    return () => {
      current = false;
    };
  }

  function open(way: LiveWay): () => void {
    let openedAt = 0;
    return OPEN[way](wanted.url, heard.upTo, wanted.kinds, {
      opened: () => {
        openedAt = performance.now();
        happened({ type: "opened" });
      },
      message: (message) => {
        const known = heard;
        heard = hear(heard, message);
        if (heard !== known && !over) wanted.onMessage(message);
      },
      ended: () => happened({ type: "ended", lived: openedAt && performance.now() - openedAt }),
    });
  }

  const forget = watchBrowser(happened);
  wanted.onState(stateOf(link));
  if (navigator.onLine) stop = act();
  else happened({ type: "offline" });
  return () => {
    over = true;
    forget();
    stop();
  };
}

/** Tells when the browser loses or finds its network, or comes back from a long sleep. */
function watchBrowser(happened: (event: LinkEvent) => void): () => void {
  let hiddenAt = 0;
  const online = () => happened({ type: "online" });
  const offline = () => happened({ type: "offline" });
  const seen = () => {
    if (document.hidden) hiddenAt = performance.now();
    else if (hiddenAt && performance.now() - hiddenAt > ASLEEP && navigator.onLine) online();
  };
  addEventListener("online", online);
  addEventListener("offline", offline);
  document.addEventListener("visibilitychange", seen);
  return () => {
    removeEventListener("online", online);
    removeEventListener("offline", offline);
    document.removeEventListener("visibilitychange", seen);
  };
}
