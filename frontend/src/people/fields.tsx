import { Field } from "@/ui/Field";
import type { Problem } from "@/problem";
import { COMMON_LANGUAGES, languageName } from "@/words/languages";
import { bandName, GOAL_CODES, GOALS } from "@/words/wishes";
import { SUGGESTED_SUBJECTS } from "@/words/subjects";
import { Choices } from "./Choices";
import { wrongAt } from "./FormShell";

/** What fields of both forms share. */
export interface FieldOf<T> {
  problem: Problem | null;
  value?: T | undefined;
}

export function NameField({ problem, value }: FieldOf<string>) {
  return (
    <Field name="name" label="Name" error={wrongAt(problem, "name")}>
      {(control) => (
        <input {...control} defaultValue={value} dir="auto" autoComplete="name" required />
      )}
    </Field>
  );
}

interface GradeFieldProps extends FieldOf<number> {
  name: string;
  label: string;
  /** The first option's words; without them a grade is always chosen. */
  none?: string;
}

export function GradeField({ problem, value, name, label, none }: GradeFieldProps) {
  return (
    <Field name={name} label={label} error={wrongAt(problem, name)}>
      {(control) => (
        <select {...control} defaultValue={value ?? ""} required>
          {none && <option value="">{none}</option>}
          {Array.from({ length: 12 }, (_, index) => (
            <option key={index + 1} value={index + 1}>
              {index + 1}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

/** What a text field of subjects suggests. */
export function SubjectSuggestions() {
  return (
    <datalist id="subjects">
      {SUGGESTED_SUBJECTS.map((subject) => (
        <option key={subject} value={subject} />
      ))}
    </datalist>
  );
}

export function LanguagesField({ problem, value = [] }: FieldOf<readonly string[]>) {
  const others = value.filter((code) => !COMMON_LANGUAGES.includes(code));
  return (
    <Choices
      name="languages"
      label="Languages"
      chosen={value}
      options={COMMON_LANGUAGES.map((code) => ({ value: code, label: languageName(code) }))}
      error={wrongAt(problem, "languages")}
    >
      <Field
        name="more_languages"
        label="Other languages"
        hint="Names or codes, with commas between"
      >
        {(control) => <input {...control} defaultValue={others.map(languageName).join(", ")} />}
      </Field>
    </Choices>
  );
}

export function GoalsField({
  problem,
  value,
  label,
}: FieldOf<readonly string[]> & { label: string }) {
  const options = GOAL_CODES.map((code) => ({ value: code, label: GOALS[code] }));
  const error = wrongAt(problem, "goals");
  return <Choices name="goals" label={label} options={options} chosen={value} error={error} />;
}

interface BandFieldProps extends FieldOf<number | null> {
  name: "budget_band" | "price_band";
  label: string;
  none: string;
}

export function BandField({ problem, value, name, label, none }: BandFieldProps) {
  return (
    <Field name={name} label={label} error={wrongAt(problem, name)}>
      {(control) => (
        <select {...control} defaultValue={value ?? ""}>
          <option value="">{none}</option>
          {[1, 2, 3, 4, 5].map((band) => (
            <option key={band} value={band}>
              {band} – {bandName(band).toLowerCase()}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
