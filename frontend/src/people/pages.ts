import { useSyncExternalStore } from "react";

/** A page of this device's people: enough to find it again. */
export interface KnownPage {
  kind: "student" | "tutor";
  id: string;
  name: string;
}

const KEY = "learnflow.pages";
const MOST = 12;
const CHANGED = "learnflow:pages";
const NONE: readonly KnownPage[] = [];

/** The pages in a stored text; whatever else is stored there, nothing breaks. */
export function pagesIn(stored: string | null): readonly KnownPage[] {
  try {
    const found: unknown = JSON.parse(stored ?? "[]");
    return Array.isArray(found) ? found.filter(isPage).slice(0, MOST) : NONE;
  } catch {
    return NONE;
  }
}

function isPage(value: unknown): value is KnownPage {
  if (typeof value !== "object" || value === null) return false;
  const { kind, id, name } = value as Partial<KnownPage>;
  return (
    (kind === "student" || kind === "tutor") && typeof id === "string" && typeof name === "string"
  );
}

/** The list with this page first, once. */
export function withPage(pages: readonly KnownPage[], page: KnownPage): readonly KnownPage[] {
  return [page, ...pages.filter((one) => one.id !== page.id)].slice(0, MOST);
}

export function addressOf({ kind, id }: Pick<KnownPage, "kind" | "id">): string {
  return `/${kind}/?id=${encodeURIComponent(id)}`;
}

export function remember(page: KnownPage): void {
  const known = read().find((one) => one.id === page.id);
  if (known?.name !== page.name) keep(withPage(read(), page));
}

export function forget(id: string): void {
  if (read().some((one) => one.id === id)) keep(read().filter((one) => one.id !== id));
}

let last: { stored: string | null; pages: readonly KnownPage[] } = { stored: null, pages: NONE };

function read(): readonly KnownPage[] {
  try {
    const stored = localStorage.getItem(KEY);
    if (stored !== last.stored) last = { stored, pages: pagesIn(stored) };
    return last.pages;
  } catch {
    return NONE;
  }
}

function keep(pages: readonly KnownPage[]): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(pages));
  } catch {
    // not allowed or full: the link still works
  }
  dispatchEvent(new Event(CHANGED));
}

function subscribe(changed: () => void): () => void {
  addEventListener("storage", changed);
  addEventListener(CHANGED, changed);
  return () => {
    removeEventListener("storage", changed);
    removeEventListener(CHANGED, changed);
  };
}

/** The pages that were opened on this device, the newest first. */
export function usePages(): readonly KnownPage[] {
  return useSyncExternalStore(subscribe, read, () => NONE);
}
