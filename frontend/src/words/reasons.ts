import type { LeftOut, Part, Reason, StudentView, TutorView } from "@/contract/types.gen";
import { languageName } from "./languages";
import { counted, listed, shared } from "./lists";
import { named } from "./names";
import { spoken } from "./times";
import { goalInText } from "./wishes";

/** The two that a reason is about; a tutor or student who has left is not there. */
export interface Pair {
  student?: StudentView | undefined;
  tutor?: TutorView | undefined;
}

type Say = (pair: Pair) => string;

/** What speaks for a tutor, with what is known of both put into words. */
const IN_FAVOUR: Record<string, Say> = {
  shared_hours: ({ student, tutor }) => {
    const hours = shared(student?.times ?? [], tutor?.times ?? []);
    return hours.length ? `Has time when you do: ${listed(spoken(hours))}` : "Has time when you do";
  },
  shared_languages: ({ student, tutor }) => {
    const both = shared(student?.languages ?? [], tutor?.languages ?? []).map(languageName);
    return both.length ? `Speaks ${listed(both)}, as you do` : "Speaks a language that you speak";
  },
  within_budget: () => "The price fits your budget",
  shared_goals: ({ student, tutor }) => {
    const both = shared(student?.goals ?? [], tutor?.goals ?? []).map(goalInText);
    return both.length ? `Teaches for what you want: ${listed(both)}` : "Teaches for what you want";
  },
  experience: ({ tutor }) => {
    const years = tutor?.experience_years;
    return years ? `Has taught for ${counted(years, "year")}` : "Has experience in teaching";
  },
  grade_focus: ({ tutor }) =>
    tutor ? `Concentrates on ${grades(tutor)}` : "Concentrates on grades near yours",
  free_slots: () => "Has room for a new student",
  rating: () => "Rated well by students",
  acceptance: () => "Usually takes the students who are proposed",
  past_matches: () => "Has taught students here before",
  offer: () => "Has a wide offer to choose from",
  request: () => "Does well with requests like yours",
};

/** What a tutor falls short in. */
const AGAINST: Record<string, string> = {
  shared_hours: "Has time at few of the hours you named",
  shared_languages: "Does not say that they speak your language",
  within_budget: "The price is not the lowest for your budget, or not said",
  shared_goals: "Does not name the goals you have",
  experience: "Has not taught for long, or does not say",
  grade_focus: "Teaches many grades, not only yours",
  free_slots: "Has many students already",
  rating: "Has few ratings or lower ones",
  acceptance: "Does not take every student who is proposed",
  past_matches: "Has taught few students here",
  offer: "Says little about what is offered",
  request: "Has less experience with requests like yours",
};

/** Where one was ahead of the runner-up. */
const AHEAD: Record<string, string> = {
  shared_hours: "more hours in common",
  shared_languages: "a language in common",
  within_budget: "a better price for your budget",
  shared_goals: "more goals in common",
  experience: "more experience",
  grade_focus: "more focus on grades near yours",
  free_slots: "more room for new students",
  rating: "better ratings",
  acceptance: "taking students more often",
  past_matches: "more students taught here",
  offer: "a wider offer",
  request: "doing better with requests like yours",
};

/** A code that has no sentence yet is at least readable. */
function plain(code: string): string {
  const words = code.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function grades(tutor: TutorView): string {
  const { grade_min: low, grade_max: high } = tutor;
  return low === high ? `grade ${low}` : `grades ${low} to ${high}`;
}

export function inFavour(reason: Reason | Part, pair: Pair): string {
  return IN_FAVOUR[reason.code]?.(pair) ?? plain(reason.code);
}

export function against(reason: Part): string {
  return AGAINST[reason.code] ?? `${plain(reason.code)}: less than it could be`;
}

/** Why the chosen tutor and not the runner-up, as one sentence about the two. */
export function decidedBy(parts: readonly Part[], tutor: string, runnerUp: string): string {
  const [chosen, other] = [named(tutor), named(runnerUp)];
  const [first] = parts;
  if (!first) return `${chosen} was ahead by very little.`;
  if (first.code === "no_slot")
    return `${other} would have suited even better but had no place left.`;
  if (first.code === "same_score") return "Both suit equally well; one had to be taken.";
  if (first.code === "explored") {
    return `${other} had more points; now and then the next one gets a chance too.`;
  }
  const ahead = parts.map((part) => AHEAD[part.code] ?? plain(part.code).toLowerCase());
  return `${chosen} was ahead by ${listed(ahead)}.`;
}

const LEFT_OUT: Record<keyof LeftOut, [one: string, many: string]> = {
  grade: ["does not teach your grade", "do not teach your grade"],
  languages: ["speaks none of your languages", "speak none of your languages"],
  times: ["has no time when you do", "have no time when you do"],
  budget: ["is above your budget", "are above your budget"],
  unavailable: ["takes no new students now", "take no new students now"],
  no_slot: ["has no place left", "have no place left"],
  excluded: ["was asked before and did not take it", "were asked before and did not take it"],
};

/** Who was left out by what: "3 do not teach your grade", the most first. */
export function leftOut(counts: LeftOut): string[] {
  const given = Object.entries(counts) as [keyof LeftOut, number][];
  return given
    .filter(([, count]) => count > 0)
    .sort(([, one], [, other]) => other - one)
    .map(([rule, count]) => `${count} ${LEFT_OUT[rule][count === 1 ? 0 : 1]}`);
}
