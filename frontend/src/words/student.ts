import type { MatchView, StudentView } from "@/contract/types.gen";
import { counted } from "./lists";
import { named } from "./names";
import { subjectInText } from "./subjects";

/** The page's heading while the student is in this state; the tutor's name may not be known yet. */
export function headline(student: StudentView, tutor: string | undefined): string {
  const subject = subjectInText(student.subject);
  switch (student.state) {
    case "pending":
      return `Looking for your ${subject} tutor`;
    case "waiting":
      return "No tutor is free yet";
    case "matched":
      return tutor ? `${tutor} is your ${subject} tutor` : `Your ${subject} tutor is found`;
    case "closed":
      return "Tutoring has ended";
  }
}

/** What happens next, in one or two sentences. */
export function outlook(student: StudentView): string {
  switch (student.state) {
    case "pending":
      return "You need not wait here: whatever is found stays on this page.";
    case "waiting":
      return "You are in the queue. As soon as a tutor who suits you has a place, it is yours, and this page shows it.";
    case "matched":
      return "The place is booked for you. If this tutor cannot take you, the next one is booked at once.";
    case "closed":
      return "Thank you for learning with LearnFlow. To find another tutor, register again.";
  }
}

/** What the tutor has said to the match so far. */
export function answer(state: MatchView["state"], name: string): string {
  const tutor = named(name);
  switch (state) {
    case "held":
      return "Booking the place";
    case "booked":
      return `Waiting for ${tutor} to accept`;
    case "accepted":
      return `${tutor} has accepted`;
    case "declined":
      return `${tutor} could not take you`;
    case "ended":
      return "Tutoring has ended";
    case "closed":
      return "Closed";
    case "replaced":
      return "Replaced by a later match";
  }
}

/** "0.4 seconds", "12 seconds", "3 minutes": how long from one moment to the other. */
export function between(from: string, to: string): string | null {
  const seconds = (Date.parse(to) - Date.parse(from)) / 1000;
  if (!(seconds >= 0)) return null;
  if (seconds < 10) return `${Math.max(seconds, 0.1).toFixed(1)} seconds`;
  if (seconds < 90) return `${Math.round(seconds)} seconds`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} minutes` : null;
}

/** What somebody who waits could change: only wishes that leave tutors out. */
export function whatHelps(student: StudentView): string[] {
  const { times, languages, budget_band: budget, subject } = student;
  const tips = [
    times.length > 0 && `More hours. You named ${counted(times.length, "hour")} a week.`,
    languages.length > 0 && "More languages, if you speak others too.",
    budget !== null && budget < 5 && "A higher budget, which more tutors fit.",
  ].filter((tip) => tip !== false);
  if (tips.length > 0) return tips;
  return [
    `Nothing you asked for narrows the choice: a place for ${subjectInText(subject)} has to become free.`,
  ];
}
