/** "a", "a and b", "a, b and c". */
export function listed(words: readonly string[], joiner: "and" | "or" = "and"): string {
  const type = joiner === "and" ? "conjunction" : "disjunction";
  return new Intl.ListFormat("en-GB", { style: "long", type }).format(words);
}

/** "1 place", "2 places". */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** What both lists hold, in the order of the first. */
export function shared(one: readonly string[], other: readonly string[]): string[] {
  return one.filter((item) => other.includes(item));
}
