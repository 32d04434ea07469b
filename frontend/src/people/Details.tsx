import type { ReactNode } from "react";
import styles from "./Details.module.css";

interface DetailsProps {
  summary: string;
  hint: string;
  open?: boolean;
  children: ReactNode;
}

/** More fields, folded until wanted; what is folded is sent all the same. */
export function Details({ summary, hint, open, children }: DetailsProps) {
  return (
    <details className={styles.details} open={open}>
      <summary className={styles.summary}>
        <span className={styles.title}>{summary}</span>
        <span className={styles.hint}>{hint}</span>
      </summary>
      <div className={styles.fields}>{children}</div>
    </details>
  );
}
