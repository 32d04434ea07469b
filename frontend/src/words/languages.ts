/** Languages that a form offers at once; any other may be written. */
export const COMMON_LANGUAGES = ["en", "de", "fr", "es", "it", "pl", "tr", "uk", "ar", "zh"];

const MORE =
  "am bg bn ca cs da el et fa fi ga he hi hr hu id is ja ka ko lt lv mk ms nl no pt ro ru sk sl sq sr sv sw ta th ti ur vi";
const KNOWN = [...COMMON_LANGUAGES, ...MORE.split(" ")];

let english: Intl.DisplayNames | undefined;

/** `de` as German; a code nobody knows stays itself. */
export function languageName(code: string): string {
  english ??= new Intl.DisplayNames("en", { type: "language", fallback: "code" });
  try {
    return english.of(code) ?? code;
  } catch {
    return code;
  }
}

/** The codes in "German, français, pt-BR": names in English or in the language itself, or codes. */
export function languageCodes(text: string): string[] {
  const words = text.split(/[,;،、]/u).map((word) => word.trim());
  return words.filter(Boolean).map((word) => byName(word) ?? word);
}

function byName(word: string): string | undefined {
  const wanted = word.toLocaleLowerCase();
  return KNOWN.find(
    (code) => languageName(code).toLocaleLowerCase() === wanted || itself(code) === wanted,
  );
}

function itself(code: string): string {
  const own = new Intl.DisplayNames(code, { type: "language" });
  return (own.of(code) ?? code).toLocaleLowerCase(code);
}
