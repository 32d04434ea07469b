import type { StudentForm } from "@/contract/types.gen";

export type Goal = NonNullable<StudentForm["goals"]>[number];

/** What a student wants, as a choice in a form. */
export const GOALS: Record<Goal, string> = {
  exam: "Prepare for an exam",
  "catch-up": "Catch up",
  enrichment: "Go further than school does",
  homework: "Help with homework",
};

/** The same within "teaches for …". */
export const GOALS_IN_TEXT: Record<Goal, string> = {
  exam: "exams",
  "catch-up": "catching up",
  enrichment: "going further",
  homework: "homework",
};

export const GOAL_CODES = Object.keys(GOALS) as Goal[];

/** Bands of a price or a budget, 1 the lowest. */
export const BANDS = ["Lowest", "Low", "Middle", "High", "Highest"] as const;

export function goalInText(code: string): string {
  return (GOALS_IN_TEXT as Record<string, string>)[code] ?? code;
}

export function bandName(band: number): string {
  return BANDS[band - 1] ?? String(band);
}
