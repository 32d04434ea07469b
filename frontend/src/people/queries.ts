import { queryOptions } from "@tanstack/react-query";
import { call } from "@/calls";
import { explainMatch, findStudent, findTutor } from "@/contract/sdk.gen";
import { Problem } from "@/problem";

/** A student with their version's ETag. */
export const studentQuery = (id: string) =>
  queryOptions({
    queryKey: ["student", id],
    queryFn: ({ signal }) =>
      call("find_student", (shared) => findStudent({ ...shared, path: { student_id: id } }), {
        signal,
      }),
  });

/** A tutor with the students who have a place, and the version's ETag. */
export const tutorQuery = (id: string) =>
  queryOptions({
    queryKey: ["tutor", id],
    queryFn: ({ signal }) =>
      call("find_tutor", (shared) => findTutor({ ...shared, path: { tutor_id: id } }), { signal }),
  });

/** Why this tutor, and what became of it. */
export const matchQuery = (id: string) =>
  queryOptions({
    queryKey: ["match", id],
    queryFn: ({ signal }) =>
      call("explain_match", (shared) => explainMatch({ ...shared, path: { match_id: id } }), {
        signal,
      }),
  });

/** Whether the server says that there is no such thing. */
export function isGone(error: unknown): boolean {
  return error instanceof Problem && (error.status === 404 || error.status === 422);
}

const AGAIN_EVERY = 5_000;

/** How soon to ask again while the server is away; what is gone is not asked for again. */
export function whileAway({ state }: { state: { error: Error | null } }): number | false {
  return state.error !== null && !isGone(state.error) && AGAIN_EVERY;
}
