import { Field } from "@/ui/Field";
import type { TutorView } from "@/contract/types.gen";
import type { Problem } from "@/problem";
import { BandField, GoalsField, GradeField, LanguagesField, NameField } from "../fields";
import { Details } from "../Details";
import { wrongAt } from "../FormShell";
import { TimesGrid } from "../TimesGrid";
import styles from "../Fields.module.css";

interface TutorFieldsProps {
  problem: Problem | null;
}

const SUBJECTS_HINT = "In English, with commas between: mathematics, computer science";

/** What a tutor offers: who, what, for which grades and how many; more for a better match. */
export function TutorFields({ problem }: TutorFieldsProps) {
  return (
    <>
      <NameField problem={problem} />
      <Field
        name="subjects"
        label="Subjects"
        hint={SUBJECTS_HINT}
        error={wrongAt(problem, "subjects")}
      >
        {(control) => <input {...control} autoComplete="off" required />}
      </Field>
      <div className={styles.row}>
        <GradeField problem={problem} value={1} name="grade_min" label="From grade" />
        <GradeField problem={problem} value={12} name="grade_max" label="To grade" />
        <CapacityField problem={problem} value={3} />
      </div>
      <Details
        summary="Add details"
        hint="Times, languages, goals, price, experience: they decide who suits you"
      >
        <TutorTimes problem={problem} />
        <LanguagesField problem={problem} />
        <GoalsField problem={problem} label="What do you teach for?" />
        <div className={styles.row}>
          <BandField problem={problem} name="price_band" label="Price" none="Not said" />
          <ExperienceField problem={problem} />
        </div>
      </Details>
      <input type="hidden" name="available" value="on" />
    </>
  );
}

export function CapacityField({ problem, value }: { problem: Problem | null; value: number }) {
  return (
    <Field name="capacity" label="Students at most" error={wrongAt(problem, "capacity")}>
      {(control) => (
        <input
          {...control}
          type="number"
          inputMode="numeric"
          min={1}
          max={50}
          defaultValue={value}
        />
      )}
    </Field>
  );
}

export function TutorTimes({ problem, tutor }: TutorFieldsProps & { tutor?: TutorView }) {
  return (
    <TimesGrid
      label="When do you teach?"
      hint="Each square is one hour of every week; none chosen means any. With the keyboard: arrows move, space chooses."
      chosen={tutor?.times}
      error={wrongAt(problem, "times")}
    />
  );
}

function ExperienceField({ problem }: TutorFieldsProps) {
  const error = wrongAt(problem, "experience_years");
  return (
    <Field name="experience_years" label="Years of experience" error={error}>
      {(control) => <input {...control} type="number" inputMode="numeric" min={0} max={70} />}
    </Field>
  );
}
