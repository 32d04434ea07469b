import type { Problem } from "@/problem";

/** What happened when a form or a button did not work, and what to do: a title and a sentence. */
export function failureWords(problem: Problem): { title: string; advice: string } {
  if (problem.fields.length > 0) return { title: fieldsTitle(problem.fields.length), advice: "" };
  if (problem.status === 0) {
    return {
      title: "LearnFlow could not be reached",
      advice:
        "Nothing is lost: what you entered is still here. Check your connection and try again.",
    };
  }
  if (problem.status === 412) {
    return {
      title: "Changed elsewhere",
      advice: "Here is the newest version. Make your change again.",
    };
  }
  if (problem.passes) {
    return {
      title: "LearnFlow is busy or being restarted",
      advice: "Nothing is lost. Try again in a moment; it is never done twice.",
    };
  }
  return { title: sentence(problem.title), advice: sentence(problem.detail) };
}

function fieldsTitle(count: number): string {
  return count === 1 ? "One field needs another look" : `${count} fields need another look`;
}

/** The server's own words, as a sentence begins. */
export function sentence(words: string): string {
  if (/^\w+_/u.test(words)) return words;
  return words.charAt(0).toUpperCase() + words.slice(1);
}
