import styles from "./Skeleton.module.css";

interface SkeletonProps {
  /** What is being read, for those who hear the page. */
  label: string;
  lines?: number;
}

/** The place of what is being read. */
export function Skeleton({ label, lines = 3 }: SkeletonProps) {
  return (
    <div className={styles.skeleton} role="status">
      <span className="visually-hidden">{label}</span>
      {Array.from({ length: lines }, (_, line) => (
        <span key={line} aria-hidden="true" className={styles.line} />
      ))}
    </div>
  );
}
