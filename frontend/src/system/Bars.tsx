import { classes } from "@/ui/classes";
import type { Span } from "./scale";
import type { Row, Timeline } from "./timeline";
import { duration } from "./words";
import styles from "./Bars.module.css";

/** The bars of one step, at their places on the axis all steps share. */
export function Bars({ row, timeline: { axis } }: { row: Row; timeline: Timeline }) {
  const place = ({ from, to }: Span) => ({
    left: `${axis.x(from) * 100}%`,
    width: `${(axis.x(to) - axis.x(from)) * 100}%`,
  });
  return (
    <span className={styles.bars} aria-hidden="true">
      {axis.ticks.map((tick) => (
        <span
          key={`tick ${tick}`}
          className={styles.tick}
          style={place({ from: tick, to: tick })}
        />
      ))}
      {axis.folds.map((fold) => (
        <span
          key={`fold ${fold.from}`}
          className={styles.fold}
          style={place(fold)}
          title={`${duration(fold.to - fold.from)} in which nothing happened, drawn shorter`}
        />
      ))}
      {row.segments.map((one) => (
        <span
          key={`${one.part} ${one.from}`}
          className={classes(styles.bar, styles[one.part])}
          style={place(one)}
        />
      ))}
      {row.sql && <span className={styles.sql} style={place(row.sql)} />}
      {row.step.kind === "notification" && (
        <span className={styles.told} style={place({ from: row.from, to: row.from })} />
      )}
    </span>
  );
}
