import { useMutation } from "@tanstack/react-query";
import { call, newKey } from "@/calls";
import { registerTutor } from "@/contract/sdk.gen";
import { Button } from "@/ui/Button";
import { tally } from "./burst";
import type { Burst } from "./documents";
import { HELPERS } from "./helpers";
import { useHeard } from "./live";
import { duration } from "./words";
import styles from "./BurstResult.module.css";

/** A burst as it was begun; `burst` is null until all were answered. */
export interface BurstRun {
  began: number;
  count: number;
  burst: Burst | null;
}

/** What became of a burst: who was answered, who was matched, how long it took. */
export function BurstResult({ run }: { run: BurstRun }) {
  const decisions = useHeard((heard) => heard.decisions);
  if (!run.burst)
    return (
      <p role="status" className={styles.line}>
        {run.count} students register at once …
      </p>
    );
  const told = tally(run.burst, run.began, decisions);
  const decided = told.matched + told.waiting;
  return (
    <div className={styles.result} data-done={told.done}>
      <Bar matched={told.matched} waiting={told.waiting} whole={run.burst.student_ids.length} />
      <p className={styles.line}>
        <b>{told.accepted}</b> of {run.count} answered
        {(run.burst.tutors ?? 0) > 0 && ` (${run.burst.tutors} tutors registered first)`}
        {told.refused > 0 && `, ${told.refused} refused`} · <b>{told.matched}</b> matched ·{" "}
        <b>{told.waiting}</b> wait for a tutor
        {told.firstMs !== null && ` · first decision after ${duration(told.firstMs)}`}
        {told.lastMs !== null && told.done && `, all decided after ${duration(told.lastMs)}`}
      </p>
      <p role="status" className="visually-hidden">
        {told.done && `The burst is decided: ${told.matched} matched, ${told.waiting} wait.`}
      </p>
      {told.waiting > 0 && decided === run.burst.student_ids.length && <Helpers />}
    </div>
  );
}

function Bar({ matched, waiting, whole }: { matched: number; waiting: number; whole: number }) {
  const unit = 100 / Math.max(1, whole);
  return (
    <svg className={styles.bar} viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
      <rect className={styles.matched} width={matched * unit} height="1" />
      <rect className={styles.waiting} x={matched * unit} width={waiting * unit} height="1" />
    </svg>
  );
}

/** Tutors for those who wait, so that one sees waiting students be matched. */
function Helpers() {
  const register = useMutation({
    mutationFn: () =>
      Promise.all(
        HELPERS.map((body) =>
          call("register_tutor", (shared) => registerTutor({ ...shared, body }), { key: newKey() }),
        ),
      ),
  });
  if (register.data)
    return (
      <p role="status" className={styles.muted}>
        {HELPERS.length} tutors are registered. Who still waits wants what they do not teach.
      </p>
    );
  return (
    <div className={styles.helpers}>
      <Button small busy={register.isPending} onClick={() => register.mutate()}>
        Register {HELPERS.length} tutors for them
      </Button>
      <span className={styles.muted}>
        {register.error?.message ?? "Those who wait are matched at once, without being asked."}
      </span>
    </div>
  );
}
