import { useQuery } from "@tanstack/react-query";
import { Button } from "@/ui/Button";
import { Notice } from "@/ui/Notice";
import { Skeleton } from "@/ui/Skeleton";
import { useApi } from "./api";
import type { Trail, WholeEvent } from "./documents";
import { clock, duration, oneLine } from "./words";
import styles from "./EventDetail.module.css";

interface EventDetailProps {
  id: string;
  traceId: string | null;
  onTrace: (id: string) => void;
}

/** One event, whole: what it says, how it was recognised, every attempt to deliver it. */
export function EventDetail({ id, traceId, onTrace }: EventDetailProps) {
  const api = useApi();
  const { data, error } = useQuery({
    queryKey: ["system", "events", id],
    queryFn: ({ signal }) => api.get<WholeEvent>(`events/${encodeURIComponent(id)}`, signal),
    refetchInterval: 3_000,
  });
  if (error && !data)
    return (
      <Notice tone="error" title="The event cannot be read">
        {error.message}
      </Notice>
    );
  if (!data) return <Skeleton label="Reading the event" />;
  const record = data.records[0];
  return (
    <div className={styles.detail}>
      <p className={styles.line}>
        <b>{id}</b>
        {record && ` · partition ${record.partition}, offset ${record.offset}`}
        {api.can("traces") && traceId && (
          <Button small onClick={() => onTrace(traceId)}>
            Show the request it is part of
          </Button>
        )}
      </p>
      <Deliveries trails={data.deliveries} />
      {data.recognition.map((one) => (
        <p key={one.source} className={styles.muted}>
          {one.source} sees it as {one.mode} CloudEvent {one.type}
          {one.reason && `: ${one.reason}`}
        </p>
      ))}
      {record && (
        <pre className={styles.payload} tabIndex={0} aria-label="The event's content">
          {JSON.stringify(record.value, null, 2)}
        </pre>
      )}
      <p className={styles.muted}>
        Deliver it again: <code>learnflow events replay {id}</code>. Who applied it before takes it
        for a duplicate.
      </p>
    </div>
  );
}

function Deliveries({ trails }: { trails: readonly Trail[] }) {
  if (trails.length === 0) return <p className={styles.muted}>No delivery is remembered.</p>;
  return (
    <div className={styles.scroll} tabIndex={0} role="region" aria-label="Deliveries">
      <table className={styles.table}>
        <thead>
          <tr>
            {["Function", "Attempt", "Began", "Status", "Took", "Cold start", "Because"].map(
              (name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ),
            )}
          </tr>
        </thead>
        <tbody>{trails.flatMap(attemptRows)}</tbody>
      </table>
    </div>
  );
}

function attemptRows(trail: Trail, index: number) {
  return trail.attempts.map((one, nth) => {
    const last = nth === trail.attempts.length - 1;
    const said = [
      last && trail.state !== "delivered" && trail.state,
      last && trail.duplicate && "duplicate",
      trail.replay && `replay ${trail.replay}`,
      one.reason && oneLine(one.reason),
    ];
    return (
      <tr key={`${index} ${nth}`} data-failed={(one.status ?? 599) >= 400 || undefined}>
        <th scope="row">{trail.function}</th>
        <td>{nth + 1}</td>
        <td>{clock(one.at)}</td>
        <td>{one.status ?? "none"}</td>
        <td>{duration(one.ms)}</td>
        <td className={styles.cold}>
          {one.cold_start_ms === null ? "" : duration(one.cold_start_ms)}
        </td>
        <td>{said.filter(Boolean).join("; ")}</td>
      </tr>
    );
  });
}
