import { counted } from "@/words/lists";
import { classes } from "@/ui/classes";
import styles from "./Rating.module.css";

const STAR = "M12 2.6l2.9 6.1 6.7.9-4.9 4.6 1.2 6.6-5.9-3.2-5.9 3.2 1.2-6.6L2.4 9.6l6.7-.9z";

interface StarsProps {
  label: string;
  chosen: number;
  choose: (stars: number) => void;
}

/** Five radio buttons that look like stars: arrows move, as in every radio group. */
export function Stars({ label, chosen, choose }: StarsProps) {
  return (
    <fieldset className={styles.stars}>
      <legend className="visually-hidden">{label}</legend>
      {[1, 2, 3, 4, 5].map((stars) => (
        <label key={stars} className={classes(styles.star, stars <= chosen && styles.lit)}>
          <input
            type="radio"
            name="stars"
            value={stars}
            aria-label={counted(stars, "star")}
            checked={stars === chosen}
            onChange={() => choose(stars)}
          />
          <svg viewBox="0 0 24 24" aria-hidden="true">
            <path d={STAR} />
          </svg>
        </label>
      ))}
    </fieldset>
  );
}
