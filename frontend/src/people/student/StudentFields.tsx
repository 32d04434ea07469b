import { Field } from "@/ui/Field";
import type { StudentView } from "@/contract/types.gen";
import type { Problem } from "@/problem";
import { subjectName } from "@/words/subjects";
import { BandField, GoalsField, GradeField, LanguagesField, NameField } from "../fields";
import { SubjectSuggestions } from "../fields";
import { Details } from "../Details";
import { wrongAt } from "../FormShell";
import { TimesGrid } from "../TimesGrid";
import styles from "../Fields.module.css";

interface StudentFieldsProps {
  problem: Problem | null;
  student?: StudentView | undefined;
}

/** What a student says: three things, and more for those who want to. */
export function StudentFields({ problem, student }: StudentFieldsProps) {
  return (
    <>
      <NameField problem={problem} value={student?.name} />
      <div className={styles.row}>
        <GradeField
          problem={problem}
          value={student?.grade}
          name="grade"
          label="Grade"
          none="Choose"
        />
        <Field
          name="subject"
          label="Subject"
          className={styles.wide}
          error={wrongAt(problem, "subject")}
        >
          {(control) => (
            <input
              {...control}
              defaultValue={student && subjectName(student.subject)}
              list="subjects"
              autoComplete="off"
              required
            />
          )}
        </Field>
      </div>
      <SubjectSuggestions />
      <StudentDetails problem={problem} student={student} />
    </>
  );
}

function StudentDetails({ problem, student }: StudentFieldsProps) {
  return (
    <Details
      summary="Add details"
      hint="Times, languages, goals, budget: the more is known, the better the match"
      open={student !== undefined}
    >
      <TimesGrid
        label="When do you have time?"
        hint="Each square is one hour of every week. With the keyboard: arrows move, space chooses."
        chosen={student?.times}
        error={wrongAt(problem, "times")}
      />
      <LanguagesField problem={problem} value={student?.languages} />
      <GoalsField problem={problem} value={student?.goals} label="What is it for?" />
      <BandField
        problem={problem}
        value={student?.budget_band}
        name="budget_band"
        label="Budget"
        none="Any price"
      />
    </Details>
  );
}
