/** A piece of a YAML text, and what it is. */
export interface Part {
  kind: "key" | "comment" | "string" | "plain";
  text: string;
}

const TOKEN = /(?<comment>#[^\n]*)|(?<string>"[^"\n]*"|'[^'\n]*')|(?<key>[\w./-]+(?=:(?:\s|$)))/gmu;

/** Splits YAML into keys, strings, comments and the rest; together they are the text. */
export function yamlParts(text: string): Part[] {
  const parts: Part[] = [];
  let until = 0;
  for (const match of text.matchAll(TOKEN)) {
    if (match.index > until) parts.push({ kind: "plain", text: text.slice(until, match.index) });
    const kind = match.groups?.comment ? "comment" : match.groups?.string ? "string" : "key";
    parts.push({ kind, text: match[0] });
    until = match.index + match[0].length;
  }
  if (until < text.length) parts.push({ kind: "plain", text: text.slice(until) });
  return parts;
}
