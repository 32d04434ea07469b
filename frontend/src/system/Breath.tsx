import { breathLine, coldMarks, windowOf } from "./breathing";
import type { Sample } from "./breathing";
import { useFunctions, useHeard } from "./live";
import { counted } from "./words";
import styles from "./Breath.module.css";

const SIZE = { width: 720, height: 88 };
const LEAST_MOST = 4;

/** How many functions are awake, and the instances of the last minutes as a line that breathes. */
export function Breath() {
  const { data } = useFunctions();
  const samples = useHeard((heard) => heard.samples);
  const last = samples.at(-1);
  const most = Math.max(LEAST_MOST, ...samples.map((one) => one.instances));
  const whole = data?.functions.length;
  return (
    <section className={styles.breath} aria-label="How the system breathes">
      <div className={styles.count} data-asleep={last?.awake === 0 || undefined}>
        <p className={styles.numeral}>{last?.awake ?? "–"}</p>
        <p>
          of {whole ?? "…"} functions awake
          <br />
          <span className={styles.muted}>
            {last?.instances ? counted(last.instances, "instance") : "all at zero"}
          </span>
        </p>
      </div>
      <figure className={styles.figure}>
        <Line samples={samples} most={most} />
        <figcaption className={styles.axis}>
          <span>{agoWords(windowOf(samples))}</span>
          <span className={styles.legend}>
            <span className={styles.coldKey} aria-hidden="true" /> cold start
            <span className={styles.lineKey} aria-hidden="true" /> instances
          </span>
          <span>now</span>
        </figcaption>
      </figure>
    </section>
  );
}

function agoWords(window: number): string {
  const seconds = Math.round(window / 1_000);
  return seconds < 100 ? `${seconds} s ago` : `${(seconds / 60).toFixed(0)} min ago`;
}

function Line({ samples, most }: { samples: readonly Sample[]; most: number }) {
  const now = samples.at(-1)?.at ?? 0;
  const size = { ...SIZE, most, window: windowOf(samples) };
  const line = breathLine(samples, now, size);
  const start = line.slice(1).split(" ")[0];
  const highest = Math.max(0, ...samples.map((one) => one.instances));
  const said = `Instances now: ${samples.at(-1)?.instances ?? 0}; the most lately: ${highest}`;
  return (
    <svg
      className={styles.line}
      viewBox={`0 -6 ${SIZE.width} ${SIZE.height + 8}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={said}
    >
      <path className={styles.zero} d={`M0 ${SIZE.height}H${SIZE.width}`} />
      {line && <path className={styles.area} d={`${line}V${SIZE.height}H${start}Z`} />}
      {coldMarks(samples, now, size).map((x, index) => (
        <path key={index} className={styles.cold} d={`M${x} ${SIZE.height}V${SIZE.height - 14}`} />
      ))}
      <path className={styles.stroke} d={line} />
    </svg>
  );
}
