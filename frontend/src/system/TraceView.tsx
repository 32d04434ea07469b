import { useState } from "react";
import { classes } from "@/ui/classes";
import { Bars } from "./Bars";
import { rowName, rowNumbers, rowResult } from "./row-words";
import { timelineOf } from "./timeline";
import type { Row, Timeline } from "./timeline";
import type { Trace } from "./trace";
import { clock, counted, duration, short } from "./words";
import styles from "./TraceView.module.css";

/** Traces of one id, one of them drawn. */
export function TraceView({ traces }: { traces: readonly Trace[] }) {
  const [chosen, choose] = useState<string | null>(null);
  const trace = traces.find((one) => one.trace_id === chosen) ?? traces[0];
  if (!trace) return null;
  return (
    <div className={styles.view}>
      {traces.length > 1 && (
        <div className={styles.traces} role="group" aria-label="Traces of this id">
          {traces.map((one) => (
            <button
              key={one.trace_id}
              type="button"
              className={styles.trace}
              aria-pressed={one === trace}
              onClick={() => choose(one.trace_id)}
            >
              {clock(one.at)} {one.steps[0]?.name}
            </button>
          ))}
        </div>
      )}
      <Waterfall trace={trace} />
    </div>
  );
}

function Waterfall({ trace }: { trace: Trace }) {
  const timeline = timelineOf(trace);
  const [active, setActive] = useState<string | null>(null);
  const row = timeline.rows.find((one) => one.key === active);
  const colds = timeline.rows.filter((one) => one.cold !== null).length;
  return (
    <>
      <p className={styles.summary}>
        Began {clock(trace.at)}, took <b>{duration(trace.ms)}</b>
        {colds > 0 && <span className={styles.cold}>, {counted(colds, "cold start")}</span>} · trace{" "}
        <code>{short(trace.trace_id)}</code>
      </p>
      <p className={styles.reader} aria-hidden="true">
        {row
          ? `${[`${rowName(row)}: ${rowNumbers(row)}`, rowResult(row)].filter(Boolean).join("; ")}`
          : "Point at a bar to read its numbers."}
      </p>
      <div className={styles.scroll}>
        <table className={styles.table} onPointerLeave={() => setActive(null)}>
          <caption className="visually-hidden">
            Every step of the request: when it began, how long it took, what came of it
          </caption>
          <Head timeline={timeline} />
          <tbody>
            {timeline.rows.map((one) => (
              <Step key={one.key} row={one} timeline={timeline} onActive={setActive} />
            ))}
          </tbody>
        </table>
      </div>
      <Legend />
    </>
  );
}

function Head({ timeline: { axis } }: { timeline: Timeline }) {
  return (
    <thead>
      <tr>
        <th scope="col">Step</th>
        <th scope="col" className={styles.laneHead}>
          <span className="visually-hidden">When</span>
          <span className={styles.ticks} aria-hidden="true">
            {axis.ticks.map((tick) => (
              <span key={tick} className={styles.tick} style={{ left: `${axis.x(tick) * 100}%` }}>
                {tick === 0 ? "0" : round(tick)}
              </span>
            ))}
            {axis.folds.map((fold) => (
              <span
                key={`fold ${fold.from}`}
                className={classes(styles.tick, styles.fold)}
                style={{ left: `${((fold.x0 + fold.x1) / 2) * 100}%` }}
              >
                {round(fold.to - fold.from)}
              </span>
            ))}
          </span>
        </th>
        <th scope="col" className={styles.number}>
          Took
        </th>
        <th scope="col">Result</th>
      </tr>
    </thead>
  );
}

/** A time without needless digits. */
function round(ms: number): string {
  return duration(ms).replace(/\.0+ |(\.\d)0 /u, "$1 ");
}

interface StepProps {
  row: Row;
  timeline: Timeline;
  onActive: (key: string) => void;
}

function Step({ row, timeline, onActive }: StepProps) {
  const show = () => onActive(row.key);
  const result = rowResult(row);
  return (
    <tr
      tabIndex={0}
      className={classes(styles.row, row.failed && styles.failed)}
      onFocus={show}
      onPointerEnter={show}
    >
      <th scope="row" className={styles.step} style={{ paddingInlineStart: `${row.depth * 10}px` }}>
        <span className={classes(styles.kind, styles[row.step.kind])} aria-hidden="true" />
        {rowName(row)}
      </th>
      <td className={styles.lane}>
        <span className="visually-hidden">{rowNumbers(row)}</span>
        <Bars row={row} timeline={timeline} />
      </td>
      <td className={styles.number}>{row.to > row.from ? duration(row.to - row.from) : ""}</td>
      <td className={styles.result}>{result}</td>
    </tr>
  );
}

const LEGEND = [
  ["cold", "cold start"],
  ["work", "in the function"],
  ["sql", "SQL, its sum"],
  ["outbox", "outbox to event log"],
  ["way", "on the way"],
  ["retry", "waits to retry"],
  ["failed", "failed"],
] as const;

function Legend() {
  return (
    <ul className={styles.legend} aria-label="What the colours of the bars mean">
      {LEGEND.map(([part, words]) => (
        <li key={part}>
          <span className={classes(styles.swatch, styles[`swatch-${part}`])} aria-hidden="true" />
          {words}
        </li>
      ))}
    </ul>
  );
}
