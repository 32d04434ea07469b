import type { ReactNode } from "react";
import { classes } from "./classes";
import styles from "./Badge.module.css";

/** What a colour says: `cold` is a cold start or zero instances, `amber` wants attention. */
export type Tone = "neutral" | "accent" | "cold" | "amber" | "error";

interface BadgeProps {
  tone?: Tone;
  /** A dot before the words: filled, or hollow for what is not there. */
  dot?: "full" | "hollow";
  children: ReactNode;
}

/** One or two words about a state. */
export function Badge({ tone = "neutral", dot, children }: BadgeProps) {
  return (
    <span className={classes(styles.badge, styles[tone])}>
      {dot && <span aria-hidden="true" className={classes(styles.dot, styles[dot])} />}
      {children}
    </span>
  );
}
