import { useEffect, useRef } from "react";
import type { RefObject } from "react";

let arrived: string | null = null;

/** Somebody registered just now and is being taken to their page. */
export function arrive(id: string): void {
  arrived = id;
}

/** Moves the focus to the page's heading when one arrives from the form, not after a reload. */
export function useArrival(id: string): RefObject<HTMLHeadingElement | null> {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (arrived !== id) return;
    arrived = null;
    heading.current?.focus();
  }, [id]);
  return heading;
}
