import { useSyncExternalStore } from "react";

export type Theme = "light" | "dark";

const KEY = "learnflow.theme";
const CHANGED = "learnflow:theme";
const DARK = "(prefers-color-scheme: dark)";

function current(): Theme {
  const chosen = document.documentElement.dataset.theme;
  if (chosen === "light" || chosen === "dark") return chosen;
  return matchMedia(DARK).matches ? "dark" : "light";
}

function subscribe(changed: () => void): () => void {
  const system = matchMedia(DARK);
  system.addEventListener("change", changed);
  addEventListener(CHANGED, changed);
  return () => {
    system.removeEventListener("change", changed);
    removeEventListener(CHANGED, changed);
  };
}

/** The theme that is seen; null until the page runs in a browser. */
export function useTheme(): Theme | null {
  return useSyncExternalStore<Theme | null>(subscribe, current, () => null);
}

/** Chooses a theme and keeps it on this device, where that is allowed. */
export function chooseTheme(theme: Theme): void {
  document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // it lasts as long as the page
  }
  dispatchEvent(new Event(CHANGED));
}
