import type { TutorForm } from "@/contract/types.gen";

const SUBJECTS = [
  ["mathematics", "physics", "statistics", "computer-science", "astronomy"],
  ["english", "german", "french", "spanish", "latin"],
  ["biology", "chemistry", "geography", "history", "economics"],
  ["music-theory", "philosophy", "art-history", "mandarin", "japanese"],
];

/** Tutors who teach nearly everything that the example students want to learn. */
export const HELPERS: readonly TutorForm[] = [0, 1, 2].flatMap((round) =>
  SUBJECTS.map((subjects, index) => ({
    name: `Example tutor ${round * SUBJECTS.length + index + 1}`,
    subjects,
    capacity: 10,
  })),
);
