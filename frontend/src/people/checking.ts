import { zChangeAvailability, zStudentForm, zTutorForm } from "@/contract/zod.gen";
import type { FieldProblem } from "@/problem";

const FORMS = { student: zStudentForm, tutor: zTutorForm, availability: zChangeAvailability };

export type FormKind = keyof typeof FORMS;

/** One sentence for each field: the rule and not how it was broken. */
const RULES: Record<string, string> = {
  name: "Write a name of at most 200 characters.",
  grade: "Choose a grade from 1 to 12.",
  subject: "Write a subject in English, in letters and digits, such as mathematics.",
  subjects: "Write 1 to 20 subjects in English, separated by commas.",
  grade_min: "Choose a grade from 1 to 12.",
  grade_max: "Choose a grade from 1 to 12.",
  capacity: "Write how many students you teach at most, from 1 to 50.",
  times: "Choose at most 84 hours of the week.",
  languages: "Write at most 10 languages by name or code, such as German or de.",
  budget_band: "Choose one of the five bands.",
  price_band: "Choose one of the five bands.",
  experience_years: "Write a number of years from 0 to 70.",
  goals: "Choose among the goals shown.",
};

interface Issue {
  path: PropertyKey[];
}

/** What the contract's schema finds wrong, one problem a field, in the order of the form. */
export function check(kind: FormKind, body: object): FieldProblem[] {
  const result = FORMS[kind].safeParse(body);
  const issues: Issue[] = result.error?.issues ?? [];
  const names = issues.map(fieldOf);
  if (names.length === 0 && upsideDown(body)) return [{ field: "grade_max", what: UPSIDE_DOWN }];
  const order = Object.keys(body);
  const fields = [...new Set(names)].sort(
    (one, other) => order.indexOf(one) - order.indexOf(other),
  );
  return fields.map((field) => ({ field, what: RULES[field] ?? "This does not fit." }));
}

const UPSIDE_DOWN = "Choose a grade that is not below the first.";

/** The rule between two fields, which a schema of fields cannot say. */
function upsideDown(body: { grade_min?: number; grade_max?: number }): boolean {
  return (body.grade_min ?? 1) > (body.grade_max ?? 12);
}

function fieldOf({ path }: Issue): string {
  return String(path[0] ?? "");
}
