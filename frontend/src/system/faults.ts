import type { Fault, FaultKind } from "./documents";

/** What a switch asks the control API for. */
export interface FaultWish {
  function: string;
  kind: FaultKind;
  seconds?: number;
  status?: number;
  lasts: number;
}

/** A switch as the page offers it. */
export interface Offered {
  id: string;
  label: string;
  /** What will be seen. */
  what: string;
  wish: FaultWish;
  /** How the system names it while it is on. */
  fault: string;
}

export const OFFERED: readonly Offered[] = [
  {
    id: "slow",
    label: "Slow matcher",
    what: "match-student is called 3 s late; whoever waits is told so.",
    wish: { function: "match-student", kind: "slow", seconds: 3, lasts: 60 },
    fault: "slow 3 s",
  },
  {
    id: "failing",
    label: "Failing matcher",
    what: "match-student answers 503: tried again until it is off.",
    wish: { function: "match-student", kind: "fail", status: 503, lasts: 20 },
    fault: "fail 503",
  },
  {
    id: "refusing",
    label: "Refusing matcher",
    what: "match-student answers 422: events become dead letters.",
    wish: { function: "match-student", kind: "fail", status: 422, lasts: 30 },
    fault: "fail 422",
  },
  {
    id: "duplicate",
    label: "Duplicate delivery",
    what: "book-tutor hears each event twice; nobody is booked twice.",
    wish: { function: "book-tutor", kind: "duplicate", lasts: 60 },
    fault: "duplicate",
  },
];

/** The fault behind an offered switch, if it is on. */
export function faultOf(offered: Offered, faults: readonly Fault[]): Fault | undefined {
  return faults.find(
    (one) => one.function === offered.wish.function && one.fault === offered.fault,
  );
}

/** What must be switched on again after all of a function's faults were cleared to end one. */
export function othersOf(offered: Offered, faults: readonly Fault[]): FaultWish[] {
  return OFFERED.flatMap((other) => {
    const on = other.id === offered.id ? undefined : faultOf(other, faults);
    if (!on || other.wish.function !== offered.wish.function) return [];
    return [{ ...other.wish, lasts: on.seconds_left ?? other.wish.lasts }];
  });
}
