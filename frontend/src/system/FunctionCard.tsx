import { classes } from "@/ui/classes";
import type { FunctionState, Instance } from "./documents";
import { instancesOf } from "./breathing";
import { countdown, counted, duration } from "./words";
import styles from "./FunctionCard.module.css";

/** From the last answer to zero, where the manifests' window and grace are not told. */
const USUAL_SECONDS = 90;
const MOST_MARKS = 12;

interface FunctionCardProps {
  state: FunctionState;
  heard: readonly string[];
}

/** One function: what wakes it, its instances, how it woke, when it sleeps again. */
export function FunctionCard({ state, heard }: FunctionCardProps) {
  const live = instancesOf(state);
  const cold = live === 0 && state.starting === 0;
  return (
    <li
      className={classes(styles.card, cold ? styles.asleep : styles.awake)}
      data-function={state.function}
      data-instances={live}
    >
      <h4 className={styles.name}>{state.function}</h4>
      {heard.length > 0 && (
        <p className={styles.heard} title={heard.join(", ")}>
          {heard[0]}
          {heard.length > 1 && <span className={styles.more}> +{heard.length - 1}</span>}
        </p>
      )}
      <div className={styles.state}>
        <Marks state={state} />
        <span className={styles.words}>{wordsOf(state, live)}</span>
      </div>
      <Foot state={state} />
      {(state.faults ?? []).map((fault) => (
        <p key={fault.kind} className={styles.fault}>
          {fault.fault}
          {fault.acted > 0 && `, acted ${fault.acted} ×`}
        </p>
      ))}
    </li>
  );
}

function Marks({ state }: { state: FunctionState }) {
  const marks = [
    ...state.instances.map((one) => ({ key: String(one.pid), look: lookOf(one) })),
    ...Array.from({ length: state.starting }, (_, n) => ({ key: `new ${n}`, look: "starting" })),
  ];
  if (marks.length === 0) marks.push({ key: "zero", look: "zero" });
  return (
    <span className={styles.marks} aria-hidden="true">
      {marks.slice(0, MOST_MARKS).map(({ key, look }) => (
        <span key={key} className={classes(styles.mark, styles[look])} />
      ))}
    </span>
  );
}

function lookOf(one: Instance): string {
  if (one.draining) return "draining";
  if (!one.ready) return "starting";
  return one.in_flight > 0 ? "busy" : "idle";
}

function wordsOf(state: FunctionState, live: number): string {
  const parts = [live === 0 && state.starting === 0 ? "at zero" : counted(live, "instance")];
  if (live === 0 && state.starting > 0) parts[0] = "waking";
  if (state.waiting > 0) parts.push(`${state.waiting} wait`);
  return parts.join(", ");
}

function Foot({ state }: { state: FunctionState }) {
  const left = state.seconds_to_zero ?? null;
  const last = state.last_cold_start;
  const whole = state.scale?.idle_to_zero ?? USUAL_SECONDS;
  const stays = (state.scale?.min ?? 0) > 0 ? "stays up" : "";
  const zero = left === null ? stays : `zero in ${countdown(left)}`;
  const next = state.requests > 0 ? `${state.requests} in flight` : zero;
  return (
    <div className={styles.foot}>
      <span className={styles.cold}>{last ? `woke in ${duration(last.ms)}` : ""}</span>
      <span>{next}</span>
      <svg
        className={styles.left}
        viewBox="0 0 100 2"
        preserveAspectRatio="none"
        aria-hidden="true"
      >
        {left !== null && <rect width={Math.min(100, (left / whole) * 100)} height="2" />}
      </svg>
    </div>
  );
}
