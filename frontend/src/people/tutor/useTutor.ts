import { useEffect } from "react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useLive } from "@/live/useLive";
import { TUTOR_KINDS, tutorAfter } from "../news";
import { forget, remember } from "../pages";
import { isGone, tutorQuery, whileAway } from "../queries";

/** A tutor with their students as of now, told at once when one comes or goes. */
export function useTutor(id: string) {
  const queries = useQueryClient();
  const options = tutorQuery(id);
  const query = useQuery({ ...options, refetchInterval: whileAway });
  const tutor = query.data?.data;
  const gone = isGone(query.error);
  useLive({
    operation: "watch_tutor",
    path: gone || tutor === undefined ? null : `/api/tutors/${encodeURIComponent(id)}/events`,
    kinds: TUTOR_KINDS,
    onMessage: (message) => {
      const before = queries.getQueryData(options.queryKey);
      const after = before && tutorAfter(before.data, message);
      if (!before || !after || after === before.data) return;
      queries.setQueryData(options.queryKey, { ...before, data: after });
      void queries.invalidateQueries({ queryKey: options.queryKey });
    },
    onPoll: async () => {
      const { error } = await query.refetch();
      if (error) throw error;
    },
  });
  useEffect(() => {
    if (gone) forget(id);
    else if (tutor) remember({ kind: "tutor", id, name: tutor.name });
  }, [gone, id, tutor]);
  return { ...query, tutor, etag: query.data?.etag ?? "", gone };
}
