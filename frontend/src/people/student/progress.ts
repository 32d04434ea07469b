import type { StudentView } from "@/contract/types.gen";
import type { Step } from "@/ui/Steps";
import { between } from "@/words/student";

/** How long nothing has come since the request was sent. */
export type Patience = "fresh" | "waking" | "slow";

/** Where the request is: registered, matching, booked. */
export function progress(student: StudentView, patience: Patience): Step[] {
  return [{ label: "Registered", state: "done" }, matching(student, patience), booked(student)];
}

function matching(student: StudentView, patience: Patience): Step {
  const label = "Matching";
  if (student.state === "waiting") {
    const detail = "Nobody who suits you has a place right now";
    return { label: "Waiting for a tutor", state: "current", tone: "amber", detail };
  }
  if (student.state !== "pending") return { label: "Matched", state: "done" };
  if (patience === "waking") {
    const detail = "It sleeps when nobody needs it; this takes a second or two";
    return { label: "Waking the matcher", state: "current", tone: "cold", detail };
  }
  if (patience === "slow") {
    const detail = "This takes longer than usual. Your request is safe";
    return { label: "Still matching", state: "current", tone: "amber", detail };
  }
  return { label, state: "current", detail: "Comparing tutors who could teach you" };
}

function booked({ state, round, registered_at, notified_at }: StudentView): Step {
  const label = "Booked";
  if (state !== "matched" && state !== "closed") return { label, state: "todo" };
  const took = round === 1 && notified_at ? between(registered_at, notified_at) : null;
  return {
    label,
    state: "done",
    detail: took && state === "matched" ? `After ${took}` : undefined,
  };
}
