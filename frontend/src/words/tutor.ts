import type { StudentView, TutorView } from "@/contract/types.gen";
import { languageName } from "./languages";
import { counted, listed, shared } from "./lists";
import { subjectName } from "./subjects";
import { spoken } from "./times";
import { bandName, goalInText } from "./wishes";

/** "grades 5 to 9". */
export function gradesOf({ grade_min: low, grade_max: high }: TutorView): string {
  return low === high ? `grade ${low}` : `grades ${low} to ${high}`;
}

/** What a tutor offers, for a student: only what was said. */
export function offer(tutor: TutorView, student: StudentView): [string, string][] {
  const hours = shared(student.times, tutor.times);
  const { languages, goals, experience_years: years, price_band: price } = tutor;
  const facts: [string, string | false][] = [
    ["Teaches", `${listed(tutor.subjects.map(subjectName))}, ${gradesOf(tutor)}`],
    ["Your hours", hours.length > 0 && spoken(hours).join(", ")],
    ["All hours", hours.length === 0 && tutor.times.length > 0 && spoken(tutor.times).join(", ")],
    ["Speaks", languages.length > 0 && listed(languages.map(languageName))],
    ["Good for", goals.length > 0 && listed(goals.map(goalInText))],
    ["Experience", years !== null && counted(years, "year")],
    ["Price", price !== null && `${price} of 5, ${bandName(price).toLowerCase()}`],
  ];
  return facts.filter((fact): fact is [string, string] => fact[1] !== false);
}

/** How the places stand: "2 of 3 places taken". */
export function places({ capacity, free }: TutorView): string {
  return `${Math.max(0, capacity - free)} of ${counted(capacity, "place")} taken`;
}

/** What a student asked for, for the tutor: only what was said. */
export function asked(student: StudentView, tutor: TutorView): [string, string][] {
  const { grade, subject, times, languages, goals, budget_band: budget } = student;
  const hours = shared(times, tutor.times);
  const facts: [string, string | false][] = [
    ["Wants", `${subjectName(subject)}, grade ${grade}`],
    ["Common hours", hours.length > 0 && spoken(hours).join(", ")],
    ["Their hours", hours.length === 0 && times.length > 0 && spoken(times).join(", ")],
    ["Speaks", languages.length > 0 && listed(languages.map(languageName))],
    ["For", goals.length > 0 && listed(goals.map(goalInText))],
    ["Budget", budget !== null && `${budget} of 5, ${bandName(budget).toLowerCase()}`],
  ];
  return facts.filter((fact): fact is [string, string] => fact[1] !== false);
}
