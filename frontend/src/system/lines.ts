/** LearnFlow writes an empty line at least every 10 s: silence for so long is a dead connection. */
const SILENCE_MS = 30_000;

/**
 * Reads JSON lines as they come; ends when the answer ends, throws when it breaks off or when
 * nothing, not even an empty line, comes for `silence` milliseconds.
 */
export async function* jsonLines<T>(
  body: ReadableStream<Uint8Array>,
  silence: number = SILENCE_MS,
): AsyncGenerator<T> {
  const reader = body.pipeThrough(new TextDecoderStream() as TransformStream).getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await within(
        silence,
        reader.read() as Promise<ReadableStreamReadResult<string>>,
      );
      if (done) return;
      const lines = (rest + value).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) if (line.trim()) yield JSON.parse(line) as T;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

async function within<T>(ms: number, coming: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("the stream fell silent")), ms);
  });
  try {
    return await Promise.race([coming, late]);
  } finally {
    clearTimeout(timer);
  }
}

export type Following = "connecting" | "live" | "reconnecting";

interface Follow<T> {
  /** Opens the stream; throws when nobody answers. */
  open: (signal: AbortSignal) => Promise<ReadableStream<Uint8Array>>;
  hear: (item: T) => void;
  say: (state: Following) => void;
  /** Called after each opening but the first: what was missed can be read again. */
  again: () => void;
  signal: AbortSignal;
  /** Waits that many milliseconds, or until given up; replaced in tests. */
  wait?: (ms: number, signal: AbortSignal) => Promise<void>;
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8_000;

/** Follows a stream of JSON lines until given up: opens it again whenever it ends or breaks. */
export async function follow<T>(how: Follow<T>): Promise<void> {
  const { open, hear, say, again, signal, wait = pause } = how;
  let failures = 0;
  let opened = false;
  say("connecting");
  while (!signal.aborted) {
    try {
      const body = await open(signal);
      say("live");
      if (opened) again();
      opened = true;
      failures = 0;
      for await (const item of jsonLines<T>(body)) hear(item);
    } catch {
      // ended or broken: both are mended the same way
    }
    if (signal.aborted) return;
    say("reconnecting");
    await wait(Math.min(FIRST_WAIT_MS * 2 ** failures, LONGEST_WAIT_MS), signal);
    failures += 1;
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });
}
