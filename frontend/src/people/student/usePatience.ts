import { useEffect, useState } from "react";
import type { Patience } from "./progress";

export const WAKING_AFTER = 800;
export const SLOW_AFTER = 15_000;

/** How long a request has been on its way, from when it began to be seen. */
export function usePatience(underway: boolean): Patience {
  const [patience, setPatience] = useState<Patience>("fresh");
  useEffect(() => {
    if (!underway) return;
    const waking = setTimeout(() => setPatience("waking"), WAKING_AFTER);
    const slow = setTimeout(() => setPatience("slow"), SLOW_AFTER);
    return () => {
      clearTimeout(waking);
      clearTimeout(slow);
      setPatience("fresh");
    };
  }, [underway]);
  return patience;
}
