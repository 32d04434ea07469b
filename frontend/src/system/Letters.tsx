import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { Empty } from "@/ui/Empty";
import { Notice } from "@/ui/Notice";
import { Skeleton } from "@/ui/Skeleton";
import { useApi } from "./api";
import type { Letter, Trail } from "./documents";
import { useHeard } from "./live";
import { clock, counted, oneLine, short, shortType } from "./words";
import styles from "./Letters.module.css";

const LISTED = 30;
const KEY = ["system", "letters"];

/** Events that could not be delivered: why, and their way back. */
export function Letters({ onTrace }: { onTrace: (id: string) => void }) {
  const api = useApi();
  const dead = useHeard((heard) => heard.letters);
  const { data, error } = useQuery({
    queryKey: [...KEY, dead],
    queryFn: async ({ signal }) => {
      const path = `dead-letters?settled=1&limit=${LISTED}`;
      return (await api.get<{ dead_letters: Letter[] }>(path, signal)).dead_letters;
    },
    placeholderData: (before) => before,
    refetchInterval: 5_000,
  });
  const open = data?.filter((one) => !one.settled).length ?? 0;
  return (
    <section aria-labelledby="letters" className={styles.panel}>
      <div className={styles.head}>
        <h2 id="letters">Dead letters</h2>
        {data && open > 0 && <Badge tone="amber">{counted(open, "waits", "wait")} for you</Badge>}
      </div>
      {error && !data && (
        <Notice tone="error" title="The dead letters cannot be read">
          {error.message}
        </Notice>
      )}
      {!data && !error && <Skeleton label="Reading the dead letters" />}
      {data?.length === 0 && (
        <Empty title="No dead letters">
          An event that no retry could deliver would lie here, with the reason. Switch on “Refusing
          matcher” and register a student to see one.
        </Empty>
      )}
      {data && data.length > 0 && (
        <ul className={styles.letters}>
          {data.map((one) => (
            <LetterRow key={one.offset} letter={one} onTrace={onTrace} />
          ))}
        </ul>
      )}
    </section>
  );
}

function LetterRow({ letter, onTrace }: { letter: Letter; onTrace: (id: string) => void }) {
  const event = letter.event_id;
  const reason = letter.reason ?? letter.error ?? "No reason was given.";
  return (
    <li className={styles.letter} data-settled={letter.settled !== null}>
      <p className={styles.title}>
        <b>{shortType(letter.type) || "no event"}</b>
        <span className={styles.muted}>
          {" "}
          for {(letter.source ?? "").split("-on-")[0]}, {clock(letter.at)}
        </span>
      </p>
      <p className={styles.reason}>
        {letter.status != null && `${letter.status}: `}
        {oneLine(reason)}
      </p>
      <div className={styles.actions}>
        {letter.settled ? <Settled settled={letter.settled} /> : <Replay letter={letter} />}
        {event && (
          <Button small kind="quiet" onClick={() => onTrace(event)}>
            Its request<span className="visually-hidden"> ({short(event)})</span>
          </Button>
        )}
      </div>
    </li>
  );
}

function Settled({ settled }: { settled: NonNullable<Letter["settled"]> }) {
  const went = settled.reason.endsWith("delivered");
  return (
    <span className={styles.settled}>
      <Badge tone={settled.state === "replayed" && went ? "accent" : "neutral"}>
        {settled.state}
      </Badge>{" "}
      {clock(settled.at)}, {settled.reason.replace(/^r-\w+: /u, "")}
    </span>
  );
}

function Replay({ letter }: { letter: Letter }) {
  const api = useApi();
  const queries = useQueryClient();
  const replay = useMutation({
    mutationFn: () =>
      api.post<Partial<Trail>>(`dead-letters/${encodeURIComponent(letter.offset)}/replay`),
    onSettled: () => queries.invalidateQueries({ queryKey: KEY }),
  });
  const last = replay.data?.attempts?.at(-1);
  return (
    <>
      <Button small busy={replay.isPending} busyText="Replaying …" onClick={() => replay.mutate()}>
        Replay<span className="visually-hidden"> {shortType(letter.type)}</span>
      </Button>
      <span role="status" className={styles.muted}>
        {replay.error?.message}
        {replay.data && `${replay.data.state}${last ? `, ${last.status ?? "no answer"}` : ""}`}
      </span>
    </>
  );
}
