import type { ReactNode } from "react";
import styles from "./Empty.module.css";

interface EmptyProps {
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}

/** Where something would be: says that nothing is there yet, and what makes it come. */
export function Empty({ title, children, action }: EmptyProps) {
  return (
    <div className={styles.empty}>
      <p className={styles.title}>{title}</p>
      {children && <p className={styles.more}>{children}</p>}
      {action}
    </div>
  );
}
