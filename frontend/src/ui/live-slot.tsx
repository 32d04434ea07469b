import { createContext, useContext, useEffect, useMemo, useState } from "react";
import type { ReactNode } from "react";

/** How fresh a page is: told at once, trying to be, asked now and then, or cut off. */
export type LiveState = "live" | "connecting" | "reconnecting" | "polling" | "offline";

interface Slot {
  shown: LiveState | null;
  show: (state: LiveState | null) => void;
}

const LiveSlot = createContext<Slot>({ shown: null, show: () => {} });

/** Lets the page below say what the badge in the header shows. */
export function LiveSlotProvider({ children }: { children: ReactNode }) {
  const [shown, show] = useState<LiveState | null>(null);
  const slot = useMemo(() => ({ shown, show }), [shown]);
  return <LiveSlot value={slot}>{children}</LiveSlot>;
}

/** What the badge shows now; null on pages that hear nothing. */
export function useShownLive(): LiveState | null {
  return useContext(LiveSlot).shown;
}

/** Shows this state in the header for as long as the page is there. */
export function useLiveBadge(state: LiveState | null): void {
  const { show } = useContext(LiveSlot);
  useEffect(() => {
    show(state);
    return () => show(null);
  }, [state, show]);
}
