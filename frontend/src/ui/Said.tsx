import styles from "./Said.module.css";

/** A word after something was done, heard politely; it takes no room while there is none. */
export function Said({ children }: { children: string }) {
  return (
    <p role="status" className={styles.said}>
      {children}
    </p>
  );
}
