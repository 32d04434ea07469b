import { useRouter } from "next/router";
import { useQueryClient } from "@tanstack/react-query";
import { call } from "@/calls";
import { withdrawTutor } from "@/contract/sdk.gen";
import { Leave } from "../Leave";
import { forget } from "../pages";

/** Ends a tutor's offer for good. */
export function LeaveTutor({ id }: { id: string }) {
  const queries = useQueryClient();
  const router = useRouter();
  const leave = (key: string) =>
    call("withdraw_tutor", (shared) => withdrawTutor({ ...shared, path: { tutor_id: id } }), {
      key,
    });
  const left = () => {
    forget(id);
    void router.push("/").then(() => queries.clear());
  };
  return (
    <div>
      <Leave
        button="Stop teaching here"
        title="Stop teaching here?"
        confirm="Leave and erase"
        leave={leave}
        left={left}
      >
        Your name and offer are erased, your students are matched with other tutors, and this link
        stops working. This cannot be taken back.
      </Leave>
    </div>
  );
}
