import { useState } from "react";
import { useQuery } from "@tanstack/react-query";
import { Problem } from "@/problem";
import { Button } from "@/ui/Button";
import { Empty } from "@/ui/Empty";
import { Notice } from "@/ui/Notice";
import { Skeleton } from "@/ui/Skeleton";
import { useApi } from "./api";
import type { Row } from "./feed";
import { useHeardNow } from "./live";
import { TraceView } from "./TraceView";
import type { Trace } from "./trace";
import styles from "./OneRequest.module.css";

const FRESH_MS = 15_000;
const POLL_MS = 800;
const LAST_POLL_MS = 2_500;

interface OneRequestProps {
  /** A trace, an event, a student, a tutor, a match, or `last`. */
  id: string;
  onChoose: (id: string) => void;
}

/** One request's way, from HTTP to who was told. */
export function OneRequest({ id, onChoose }: OneRequestProps) {
  const { data, error, isPending } = useTraces(id);
  return (
    <div className={styles.panel}>
      <div className={styles.head}>
        <h2>One request</h2>
        <Chooser key={id} id={id} onChoose={onChoose} />
      </div>
      {isPending && <Skeleton label="Reading the trace" lines={5} />}
      {error && !data && <NoTrace error={error} id={id} />}
      {data?.length === 0 && (
        <Empty title="No request yet">
          Register one student above: its way through the system is drawn here.
        </Empty>
      )}
      {data && data.length > 0 && <TraceView traces={data} />}
    </div>
  );
}

/** The traces an id belongs to; asked again as long as something may still happen. */
function useTraces(id: string) {
  const api = useApi();
  const heard = useHeardNow();
  return useQuery({
    queryKey: ["system", "traces", id],
    queryFn: async ({ signal }) => {
      const chosen = id === "last" ? newestTrace(heard().feed.rows) : id;
      if (chosen === null) return [];
      const path = `traces/${encodeURIComponent(chosen)}?limit=5`;
      return (await api.get<{ traces: Trace[] }>(path, signal)).traces;
    },
    refetchInterval: ({ state }) => {
      const newest = state.data?.at(-1);
      if (id === "last") return newest ? LAST_POLL_MS : POLL_MS;
      if (!newest) return POLL_MS * (state.errorUpdateCount + 1);
      return Date.now() - newest.at - newest.ms < FRESH_MS && POLL_MS;
    },
    retry: false,
  });
}

/** The trace of the newest event that has one. */
function newestTrace(rows: readonly Row[]): string | null {
  return rows.find((row) => row.traceId !== null)?.traceId ?? null;
}

function Chooser({ id, onChoose }: OneRequestProps) {
  const [typed, setTyped] = useState(id === "last" ? "" : id);
  return (
    <form
      className={styles.chooser}
      onSubmit={(event) => {
        event.preventDefault();
        onChoose(typed.trim() || "last");
      }}
    >
      <label className="visually-hidden" htmlFor="trace-id">
        Id of a trace, an event, a student, a tutor or a match
      </label>
      <input
        id="trace-id"
        className={styles.input}
        value={typed}
        placeholder="id of a student, event, trace …"
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => setTyped(event.target.value)}
      />
      <Button small type="submit">
        Show
      </Button>
      {id !== "last" && (
        <Button small kind="quiet" onClick={() => onChoose("last")}>
          Newest
        </Button>
      )}
    </form>
  );
}

function NoTrace({ error, id }: { error: Error; id: string }) {
  const unknown = error instanceof Problem && error.status === 404;
  return (
    <Notice tone={unknown ? "neutral" : "error"} title={unknown ? "Not found" : "Not readable"}>
      {unknown ? `Nothing that is remembered has the id ${id.slice(0, 40)}.` : error.message}
    </Notice>
  );
}
