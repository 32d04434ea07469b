import type { ReactNode } from "react";
import { classes } from "@/ui/classes";
import styles from "./Choices.module.css";

interface ChoicesProps {
  name: string;
  label: string;
  options: readonly { value: string; label: ReactNode }[];
  chosen?: readonly string[] | undefined;
  error?: string | undefined;
  children?: ReactNode;
}

/** Any number of some options, each a checkbox with a large target. */
export function Choices({ name, label, options, chosen = [], error, children }: ChoicesProps) {
  const id = `field-${name}`;
  return (
    <fieldset
      id={id}
      tabIndex={-1}
      className={classes(styles.choices, error && styles.wrong)}
      data-wrong={error ? "" : undefined}
      aria-describedby={error ? `${id}-error` : undefined}
    >
      <legend className={styles.legend}>{label}</legend>
      <div className={styles.options}>
        {options.map((option) => (
          <label key={option.value} className={styles.option}>
            <input
              type="checkbox"
              name={name}
              value={option.value}
              defaultChecked={chosen.includes(option.value)}
            />
            {option.label}
          </label>
        ))}
      </div>
      {children}
      {error && (
        <p className={styles.error} id={`${id}-error`}>
          {error}
        </p>
      )}
    </fieldset>
  );
}
