import { useId } from "react";
import type { ReactNode } from "react";
import { classes } from "./classes";
import styles from "./Card.module.css";

interface CardProps {
  title?: ReactNode;
  /** The heading's level, 2 unless told. */
  level?: 2 | 3;
  /** What stands at the end of the title's line: a badge, a button. */
  aside?: ReactNode;
  tone?: "plain" | "accent" | "cold" | "amber";
  /** As wide as a form is easy to read. */
  narrow?: boolean;
  className?: string;
  children: ReactNode;
}

/** A piece of a page that stands for itself; with a title it is a region of that name. */
export function Card(props: CardProps) {
  const { title, level = 2, aside, tone = "plain", narrow, className, children } = props;
  const id = useId();
  const Heading = level === 2 ? "h2" : "h3";
  return (
    <section
      className={classes(styles.card, styles[tone], narrow && styles.narrow, className)}
      aria-labelledby={title ? id : undefined}
    >
      {title && (
        <div className={styles.head}>
          <Heading id={id}>{title}</Heading>
          {aside}
        </div>
      )}
      {children}
    </section>
  );
}
