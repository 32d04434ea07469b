import { useState } from "react";
import dynamic from "next/dynamic";
import { Button } from "@/ui/Button";
import { classes } from "@/ui/classes";
import { Empty } from "@/ui/Empty";
import { Skeleton } from "@/ui/Skeleton";
import type { Feed, Row, Taken } from "./feed";
import { useHeard } from "./live";
import { clock, counted, duration, short } from "./words";
import styles from "./Events.module.css";

const EventDetail = dynamic(() => import("./EventDetail").then((part) => part.EventDetail), {
  ssr: false,
  loading: () => <Skeleton label="Reading the event" />,
});
const PAGE = 12;

interface EventsProps {
  onTrace: (id: string) => void;
}

/** Events as they are said, and who took them. */
export function Events({ onTrace }: EventsProps) {
  const feed = useHeard((heard) => heard.feed);
  const following = useHeard((heard) => heard.following);
  const [held, hold] = useState<Feed | null>(null);
  const [most, setMost] = useState(PAGE);
  const shown = held ?? feed;
  return (
    <section aria-labelledby="events" className={styles.panel}>
      <div className={styles.head}>
        <h2 id="events">Events</h2>
        <Button small aria-pressed={held !== null} onClick={() => hold(held ? null : feed)}>
          {held ? "Go on" : "Pause the list"}
        </Button>
      </div>
      {following === "reconnecting" && (
        <p role="status" className={styles.note}>
          The connection broke; what was missed is read when it is back.
        </p>
      )}
      {shown.rows.length === 0 ? (
        <Empty title="Nothing was said yet">Register one student, and events appear here.</Empty>
      ) : (
        <ol className={styles.rows}>
          {shown.rows.slice(0, most).map((row) => (
            <EventRow key={row.id} row={row} onTrace={onTrace} />
          ))}
        </ol>
      )}
      {shown.missed > 0 && (
        <p className={styles.note}>{counted(shown.missed, "line")} came too fast to be shown.</p>
      )}
      {shown.rows.length > most && (
        <Button small kind="quiet" onClick={() => setMost(most + 3 * PAGE)}>
          Show more of {shown.rows.length}
        </Button>
      )}
    </section>
  );
}

function EventRow({ row, onTrace }: { row: Row; onTrace: (id: string) => void }) {
  const [open, setOpen] = useState(false);
  const detail = `event-${row.id}`;
  return (
    <li className={styles.item}>
      <button
        type="button"
        className={styles.row}
        aria-expanded={open}
        aria-controls={open ? detail : undefined}
        onClick={() => setOpen(!open)}
      >
        <span className={styles.time}>{clock(row.at)}</span>
        <span className={styles.topic}>{row.topic}</span>
        <span className={styles.key}>{short(row.key)}</span>
        <span className={styles.taken}>
          {row.taken.length === 0 && <span className={styles.muted}>nobody yet</span>}
          {row.taken.map((one) => (
            <TakenBy key={one.source} taken={one} />
          ))}
        </span>
      </button>
      {open && (
        <div id={detail} className={styles.detail}>
          <EventDetail id={row.id} traceId={row.traceId} onTrace={onTrace} />
        </div>
      )}
    </li>
  );
}

function TakenBy({ taken }: { taken: Taken }) {
  const { state, attempts, status, ms, coldMs } = taken;
  const failed = state === "dead letter" || state === "lost";
  const waits = state.startsWith("waiting");
  return (
    <span className={classes(styles.by, failed && styles.failed, waits && styles.waits)}>
      {taken.function}
      <span className={styles.figures}>
        {[
          status ?? "",
          state === "delivered" ? "" : state,
          attempts > 1 ? `${attempts} attempts` : "",
          taken.duplicate ? "duplicate" : "",
          taken.replay ? "replayed" : "",
          ms === null ? "" : duration(ms),
        ]
          .filter(Boolean)
          .join(", ")}
      </span>
      {coldMs !== null && <span className={styles.cold}>cold</span>}
    </span>
  );
}
