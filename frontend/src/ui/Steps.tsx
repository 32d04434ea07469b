import type { ReactNode } from "react";
import { classes } from "./classes";
import styles from "./Steps.module.css";

export interface Step {
  label: string;
  state: "done" | "current" | "todo";
  detail?: ReactNode;
  tone?: "accent" | "cold" | "amber";
}

const SAID = { done: "done", current: "now", todo: "still to come" } as const;

/** A way of a few steps, and how far it is gone. */
export function Steps({ label, steps }: { label: string; steps: Step[] }) {
  return (
    <ol className={styles.steps} aria-label={label}>
      {steps.map((step) => (
        <li
          key={step.label}
          className={classes(styles.step, styles[step.state], styles[step.tone ?? "accent"])}
          aria-current={step.state === "current" ? "step" : undefined}
        >
          <span className={styles.mark} aria-hidden="true" />
          <span className={styles.label}>
            {step.label}
            <span className="visually-hidden">, {SAID[step.state]}</span>
          </span>
          {step.detail && <span className={styles.detail}>{step.detail}</span>}
        </li>
      ))}
    </ol>
  );
}
