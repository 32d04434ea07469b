import type { ChangeAvailability, StudentForm, TutorForm } from "@/contract/types.gen";
import type { Goal } from "@/words/wishes";
import { languageCodes } from "@/words/languages";

/** What a student's form says. What is not filled in is left out, so that the server's rule holds. */
export function studentForm(data: FormData): StudentForm {
  return {
    name: name(data),
    grade: number(data, "grade") as number,
    subject: subject(text(data, "subject")),
    times: all(data, "times"),
    languages: languages(data),
    budget_band: number(data, "budget_band") ?? null,
    goals: all(data, "goals") as Goal[],
  };
}

/** What a tutor's form says. */
export function tutorForm(data: FormData): TutorForm {
  return {
    name: name(data),
    subjects: text(data, "subjects")
      .split(/[,;،、]/u)
      .map(subject)
      .filter(Boolean),
    grade_min: number(data, "grade_min") as number,
    grade_max: number(data, "grade_max") as number,
    ...availabilityForm(data),
    languages: languages(data),
    price_band: number(data, "price_band") ?? null,
    experience_years: number(data, "experience_years") ?? null,
    goals: all(data, "goals") as Goal[],
  };
}

export function availabilityForm(data: FormData): ChangeAvailability {
  return {
    available: data.get("available") !== null,
    capacity: number(data, "capacity") as number,
    times: all(data, "times"),
  };
}

function text(data: FormData, field: string): string {
  const value = data.get(field);
  return typeof value === "string" ? value.trim() : "";
}

function name(data: FormData): string {
  return text(data, "name").normalize("NFC");
}

/** `Computer Science` is what people write and `computer-science` what is kept. */
function subject(written: string): string {
  return written
    .trim()
    .replace(/[\s_]+/gu, "-")
    .toLowerCase();
}

function number(data: FormData, field: string): number | undefined {
  const written = text(data, field);
  return written === "" ? undefined : Number(written);
}

function all(data: FormData, field: string): string[] {
  return data.getAll(field).filter((one) => typeof one === "string");
}

function languages(data: FormData): string[] {
  return [...new Set([...all(data, "languages"), ...languageCodes(text(data, "more_languages"))])];
}
