import { useSyncExternalStore } from "react";

const never = () => () => {};

/** False in the exported page and while it is taken over, then true: for what only a browser knows. */
export function useInBrowser(): boolean {
  return useSyncExternalStore(
    never,
    () => true,
    () => false,
  );
}
