import { useRouter } from "next/router";
import { useQueryClient } from "@tanstack/react-query";
import { call } from "@/calls";
import { registerStudent } from "@/contract/sdk.gen";
import type { StudentForm, StudentView } from "@/contract/types.gen";
import { Card } from "@/ui/Card";
import { arrive } from "../arrival";
import { studentForm } from "../forms";
import { FormShell } from "../FormShell";
import { addressOf, remember } from "../pages";
import { PageHead } from "../PageHead";
import { studentQuery } from "../queries";
import { useSubmit } from "../useSubmit";
import { StudentFields } from "./StudentFields";

/** The form with which a student asks for a tutor; then their page. */
export default function RegisterStudent() {
  const { busy, problem, submit } = useSubmit();
  const router = useRouter();
  const queries = useQueryClient();

  async function register(form: StudentForm): Promise<void> {
    let id = "";
    const send = async (key: string) => {
      const through = { key };
      const { data, etag } = await call(
        "register_student",
        (shared) => registerStudent({ ...shared, body: form }),
        through,
      );
      id = data.student_id;
      queries.setQueryData(studentQuery(id).queryKey, { data: asSeen(id, form), etag });
    };
    if (!(await submit(form, "student", send))) return;
    remember({ kind: "student", id, name: form.name });
    arrive(id);
    await router.push(addressOf({ kind: "student", id }));
  }

  return (
    <>
      <PageHead title="Find a tutor" eyebrow="For students">
        Three answers are enough. You are told here as soon as somebody is found, most often within
        a second or two.
      </PageHead>
      <Card narrow>
        <FormShell
          label="Find a tutor"
          problem={problem}
          busy={busy}
          submitText="Find me a tutor"
          busyText="Sending…"
          onBegin={() => void import("./StudentPage").catch(() => {})}
          onSubmit={(data) => void register(studentForm(data))}
        >
          <StudentFields problem={problem} />
        </FormShell>
      </Card>
    </>
  );
}

/** The student until the first answer is read: what was just written. */
function asSeen(id: string, form: StudentForm): StudentView {
  const { times = [], languages = [], goals = [], budget_band = null } = form;
  const wishes = { ...form, times, languages, goals, budget_band };
  const nothingYet = { state: "pending", round: 0, match: null, notified_at: null } as const;
  return {
    student_id: id,
    version: 1,
    ...wishes,
    ...nothingYet,
    registered_at: new Date().toJSON(),
  };
}
