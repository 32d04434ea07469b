import { useEffect, useState } from "react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import type { MatchOfStudent } from "@/contract/types.gen";
import { useLive } from "@/live/useLive";
import { matchIn, STUDENT_KINDS, studentAfter } from "../news";
import { forget, remember } from "../pages";
import { isGone, studentQuery, whileAway } from "../queries";

/** A student as they are now, told at once when something changes. */
export function useStudent(id: string) {
  const queries = useQueryClient();
  const options = studentQuery(id);
  const query = useQuery({ ...options, refetchInterval: whileAway });
  const student = query.data?.data;
  const gone = isGone(query.error);
  const [taught, setTaught] = useState<MatchOfStudent | null>(null);
  // Who has ended hears nothing more, but the stream still knows which match was the last.
  const over = gone || student === undefined || (student.state === "closed" && taught !== null);
  useLive({
    operation: "watch_student",
    path: over ? null : `/api/students/${encodeURIComponent(id)}/events`,
    kinds: STUDENT_KINDS,
    onMessage: (message) => {
      setTaught((before) => matchIn(message) ?? before);
      const before = queries.getQueryData(options.queryKey);
      const after = before && studentAfter(before.data, message);
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
    else if (student) remember({ kind: "student", id, name: student.name });
  }, [gone, id, student]);
  const match = student?.match ?? (student?.state === "closed" ? taught : null);
  return {
    ...query,
    student: student && { ...student, match },
    etag: query.data?.etag ?? "",
    gone,
  };
}
