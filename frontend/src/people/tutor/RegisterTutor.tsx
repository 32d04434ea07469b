import { useRouter } from "next/router";
import { call } from "@/calls";
import { registerTutor } from "@/contract/sdk.gen";
import type { TutorForm } from "@/contract/types.gen";
import { Card } from "@/ui/Card";
import { arrive } from "../arrival";
import { tutorForm } from "../forms";
import { FormShell } from "../FormShell";
import { addressOf, remember } from "../pages";
import { PageHead } from "../PageHead";
import { useSubmit } from "../useSubmit";
import { TutorFields } from "./TutorFields";

/** The form with which a tutor offers lessons; then their page. */
export default function RegisterTutor() {
  const { busy, problem, submit } = useSubmit();
  const router = useRouter();

  async function register(form: TutorForm): Promise<void> {
    let id = "";
    const send = async (key: string) => {
      const { data } = await call(
        "register_tutor",
        (shared) => registerTutor({ ...shared, body: form }),
        { key },
      );
      id = data.tutor_id;
    };
    if (!(await submit(form, "tutor", send))) return;
    remember({ kind: "tutor", id, name: form.name });
    arrive(id);
    await router.push(addressOf({ kind: "tutor", id }));
  }

  return (
    <>
      <PageHead title="Teach with LearnFlow" eyebrow="For tutors">
        Say what you teach and how many students you can take. They appear on your page by
        themselves, and you accept or decline each.
      </PageHead>
      <Card narrow>
        <FormShell
          label="Teach with LearnFlow"
          problem={problem}
          busy={busy}
          submitText="Offer lessons"
          busyText="Sending…"
          onBegin={() => void import("./TutorPage").catch(() => {})}
          onSubmit={(data) => void register(tutorForm(data))}
        >
          <TutorFields problem={problem} />
        </FormShell>
      </Card>
    </>
  );
}
