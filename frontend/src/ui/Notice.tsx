import type { ReactNode } from "react";
import { classes } from "./classes";
import type { Tone } from "./Badge";
import styles from "./Notice.module.css";

interface NoticeProps {
  tone?: Tone;
  title: ReactNode;
  children?: ReactNode;
  /** A button or link that helps. */
  action?: ReactNode;
  /** `status` is read politely when it appears, `alert` at once; nothing unless told. */
  role?: "status" | "alert";
}

/** Something to know now: what happened, what to do. */
export function Notice({ tone = "neutral", title, children, action, role }: NoticeProps) {
  return (
    <div className={classes(styles.notice, styles[tone])} role={role}>
      <div className={styles.words}>
        <p className={styles.title}>{title}</p>
        {children && <div className={styles.more}>{children}</div>}
      </div>
      {action && <div className={styles.action}>{action}</div>}
    </div>
  );
}
