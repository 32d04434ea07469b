import type { Sample } from "./breathing";
import { withSample } from "./breathing";
import { decisionsAfter } from "./burst";
import type { Decisions } from "./burst";
import type { FunctionState, Listed, News } from "./documents";
import { sampleOf } from "./breathing";
import { EMPTY_FEED, withListed, withNews } from "./feed";
import type { Feed } from "./feed";
import type { Following } from "./lines";

/** Everything the page has heard. Each field is a new value when it changes. */
export interface Heard {
  following: Following;
  feed: Feed;
  decisions: Decisions;
  samples: readonly Sample[];
  /** By topic, how often a pulse went along its arrows. */
  beats: ReadonlyMap<string, number>;
  /** How many deliveries ended as dead letters, or letters were settled. */
  letters: number;
}

export const NOTHING: Heard = {
  following: "connecting",
  feed: EMPTY_FEED,
  decisions: new Map(),
  samples: [],
  beats: new Map(),
  letters: 0,
};

/** How long one pulse takes; another of the same topic begins only after it. */
export const BEAT_MS = 1_000;
const BATCH_MS = 120;

/** Collects news and tells those who look, a few times a second at most. */
export class LiveStore {
  private heard: Heard = NOTHING;
  private held: News[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly beatAt = new Map<string, number>();
  private readonly listeners = new Set<() => void>();

  constructor(private readonly now: () => number = Date.now) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly get = (): Heard => this.heard;

  hear(news: News): void {
    this.held.push(news);
    this.timer ??= setTimeout(() => this.flush(), BATCH_MS);
  }

  /** Takes in what is held. */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const news = this.held;
    this.held = [];
    const dead = news.filter(({ delivery }) => delivery?.state === "dead letter").length;
    this.change({
      feed: withNews(this.heard.feed, news),
      decisions: decisionsAfter(this.heard.decisions, news),
      beats: this.beatsAfter(news),
      letters: this.heard.letters + dead,
    });
  }

  say(following: Following): void {
    this.change({ following });
  }

  list(listed: readonly Listed[]): void {
    const events = listed.map((event) => ({ event }));
    const decisions = decisionsAfter(this.heard.decisions, events);
    this.change({ feed: withListed(this.heard.feed, listed), decisions });
  }

  sample(functions: readonly FunctionState[]): void {
    const sample = sampleOf(functions, this.now());
    this.change({ samples: withSample(this.heard.samples, sample) });
  }

  private beatsAfter(news: readonly News[]): ReadonlyMap<string, number> {
    const topics = new Set(news.flatMap(({ event }) => event?.topic ?? []));
    const due = [...topics].filter(
      (topic) => this.now() - (this.beatAt.get(topic) ?? -Infinity) >= BEAT_MS,
    );
    if (due.length === 0) return this.heard.beats;
    for (const topic of due) this.beatAt.set(topic, this.now());
    const beats = this.heard.beats;
    return new Map([...beats, ...due.map((one) => [one, (beats.get(one) ?? 0) + 1] as const)]);
  }

  private change(some: Partial<Heard>): void {
    this.heard = { ...this.heard, ...some };
    for (const listener of this.listeners) listener();
  }
}
