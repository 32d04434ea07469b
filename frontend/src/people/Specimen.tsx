import styles from "./Specimen.module.css";

const REASONS = [
  "Has time when you do: Mon 16:00–18:00",
  "Speaks German, as you do",
  "Teaches for what you want: exams",
];

/** What a match looks like, on a slip of paper: an example, not a real one. */
export function Specimen() {
  return (
    <figure className={styles.specimen}>
      <div className={styles.slip}>
        <p className={styles.way}>
          <span>Registered</span>
          <span>Matched</span>
          <span>Booked</span>
        </p>
        <p className={styles.found}>Anna is your mathematics tutor</p>
        <ul className={styles.reasons}>
          {REASONS.map((reason) => (
            <li key={reason}>{reason}</li>
          ))}
        </ul>
        <p className={styles.next}>Ben came next, of 14 tutors who teach it.</p>
      </div>
      <figcaption className={styles.caption}>An example of what you will see</figcaption>
    </figure>
  );
}
