/** `computer-science` as people write it: Computer science. */
export function subjectName(code: string): string {
  return upper(subjectInText(code));
}

/** A subject within a sentence; languages keep their capital in English. */
export function subjectInText(code: string): string {
  const words = code.split("-").filter(Boolean);
  const last = words.at(-1) ?? "";
  return words.map((word) => (LANGUAGES_TAUGHT.has(last) ? upper(word) : word)).join(" ");
}

function upper(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

const LANGUAGES_TAUGHT = new Set(
  "amharic arabic chinese english french georgian german greek hebrew italian japanese latin mandarin norse persian polish portuguese russian sanskrit spanish sumerian swedish turkish ukrainian".split(
    " ",
  ),
);

/** What the field suggests; any other subject may be written. */
export const SUGGESTED_SUBJECTS = [
  "Mathematics",
  "Physics",
  "Chemistry",
  "Biology",
  "Computer science",
  "English",
  "German",
  "French",
  "Spanish",
  "Latin",
  "History",
  "Geography",
  "Economics",
  "Music theory",
  "Philosophy",
  "Statistics",
];
