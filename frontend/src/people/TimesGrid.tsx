import { useState } from "react";
import type { KeyboardEvent } from "react";
import { clock, dayName, DAYS, parts } from "@/words/times";
import styles from "./TimesGrid.module.css";

const USUAL_HOURS = Array.from({ length: 12 }, (_, index) => index + 8);
const MOVES: Record<string, [rows: number, columns: number]> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

interface TimesGridProps {
  label: string;
  hint: string;
  chosen?: readonly string[] | undefined;
  error?: string | undefined;
}

/** The hours of a week as checkboxes: one stop for the tab key, arrows move between them. */
export function TimesGrid({ label, hint, chosen = [], error }: TimesGridProps) {
  const hours = hoursFor(chosen);
  const [stop, setStop] = useState<[number, number]>([Math.max(0, hours.indexOf(16)), 0]);

  function move(event: KeyboardEvent<HTMLTableElement>): void {
    const step = MOVES[event.key];
    if (!step) return;
    event.preventDefault();
    const row = Math.min(hours.length - 1, Math.max(0, stop[0] + step[0]));
    const column = Math.min(DAYS.length - 1, Math.max(0, stop[1] + step[1]));
    setStop([row, column]);
    const place = `tbody tr:nth-child(${row + 1}) td:nth-of-type(${column + 1}) input`;
    event.currentTarget.querySelector<HTMLInputElement>(place)?.focus();
  }

  return (
    <fieldset
      id="field-times"
      tabIndex={-1}
      className={styles.times}
      data-wrong={error ? "" : undefined}
      aria-describedby={error ? "field-times-error" : "field-times-hint"}
    >
      <legend className={styles.legend}>{label}</legend>
      <p className={styles.hint} id="field-times-hint">
        {hint}
      </p>
      <table className={styles.grid} onKeyDown={move}>
        <Days />
        <tbody>
          {hours.map((hour, row) => (
            <Hour
              key={hour}
              hour={hour}
              chosen={chosen}
              stop={stop[0] === row ? stop[1] : null}
              onFocus={(column) => setStop([row, column])}
            />
          ))}
        </tbody>
      </table>
      {error && (
        <p className={styles.error} id="field-times-error">
          {error}
        </p>
      )}
    </fieldset>
  );
}

function Days() {
  return (
    <thead>
      <tr>
        <th scope="col">
          <span className="visually-hidden">Hour</span>
        </th>
        {DAYS.map((day) => (
          <th key={day} scope="col" abbr={dayName(day)}>
            {dayName(day).slice(0, 2)}
          </th>
        ))}
      </tr>
    </thead>
  );
}

interface HourProps {
  hour: number;
  chosen: readonly string[];
  /** The column that the tab key reaches, if it is in this row. */
  stop: number | null;
  onFocus: (column: number) => void;
}

function Hour({ hour, chosen, stop, onFocus }: HourProps) {
  return (
    <tr>
      <th scope="row">{clock(hour)}</th>
      {DAYS.map((day, column) => {
        const time = `${day}-${clock(hour).slice(0, 2)}`;
        return (
          <td key={day}>
            <label className={styles.cell}>
              <input
                type="checkbox"
                name="times"
                value={time}
                aria-label={`${dayName(day)} ${clock(hour)}`}
                defaultChecked={chosen.includes(time)}
                tabIndex={stop === column ? 0 : -1}
                onFocus={() => onFocus(column)}
              />
            </label>
          </td>
        );
      })}
    </tr>
  );
}

/** The usual hours and whichever others were chosen before. */
function hoursFor(chosen: readonly string[]): number[] {
  const more = chosen.flatMap((time) => parts(time)?.hour ?? []);
  return [...new Set([...USUAL_HOURS, ...more])].sort((one, other) => one - other);
}
