import { useState } from "react";
import { useQueryClient } from "@tanstack/react-query";
import { call } from "@/calls";
import { changeAvailability } from "@/contract/sdk.gen";
import type { ChangeAvailability, TutorView, TutorWithStudents } from "@/contract/types.gen";
import { Problem } from "@/problem";
import { Card } from "@/ui/Card";
import { Said } from "@/ui/Said";
import { counted } from "@/words/lists";
import { Details } from "../Details";
import { availabilityForm } from "../forms";
import { FormShell } from "../FormShell";
import { tutorQuery } from "../queries";
import { useSubmit } from "../useSubmit";
import { CapacityField, TutorTimes } from "./TutorFields";
import styles from "../Fields.module.css";

interface AvailabilityProps {
  tutor: TutorWithStudents;
  etag: string;
}

/** How many, when, and whether new ones at all. The version that was read is the one changed. */
export function Availability({ tutor, etag }: AvailabilityProps) {
  const [base, setBase] = useState({ data: tutor, etag });
  const [saved, setSaved] = useState(false);
  const { busy, problem, submit } = useSubmit();
  const queries = useQueryClient();
  const newest = async () =>
    setBase(await queries.fetchQuery({ ...tutorQuery(tutor.tutor_id), staleTime: 0 }));

  async function change(form: ChangeAvailability): Promise<void> {
    setSaved(false);
    const send = (key: string) =>
      put(tutor.tutor_id, base.etag, form, key).catch(async (error: unknown) => {
        if (error instanceof Problem && error.status === 412) await newest();
        throw atItsField(error);
      });
    const done = await submit({ ...form, version: base.etag }, "availability", send);
    if (done) await newest();
    setSaved(done);
  }

  return (
    <Card title="Availability">
      <FormShell
        key={base.etag}
        label="Availability"
        problem={problem}
        busy={busy}
        submitText="Save availability"
        busyText="Saving…"
        onSubmit={(data) => void change(availabilityForm(data))}
      >
        <AvailabilityFields tutor={base.data} problem={problem} />
      </FormShell>
      <Said>{saved ? "Saved" : ""}</Said>
    </Card>
  );
}

function AvailabilityFields({ tutor, problem }: { tutor: TutorView; problem: Problem | null }) {
  return (
    <>
      <label className={styles.check}>
        <input type="checkbox" name="available" defaultChecked={tutor.available} />
        <span>
          <strong>Open to new students</strong>
          <span>Without it, those you have stay and nobody new comes.</span>
        </span>
      </label>
      <CapacityField problem={problem} value={tutor.capacity} />
      <Details summary="Times" hint={timesHint(tutor)}>
        <TutorTimes problem={problem} tutor={tutor} />
      </Details>
    </>
  );
}

function timesHint({ times }: TutorView): string {
  return times.length ? `${counted(times.length, "hour")} a week` : "Any time";
}

function put(id: string, etag: string, body: ChangeAvailability, key: string) {
  return call(
    "change_availability",
    ({ headers, ...shared }) =>
      changeAvailability({
        ...shared,
        path: { tutor_id: id },
        body,
        headers: { ...headers, "If-Match": etag },
      }),
    { key },
  );
}

/** Too few places for those who are booked is about the field of places. */
function atItsField(error: unknown): unknown {
  const about = error instanceof Problem && error.status === 409 && /capacity/iu.test(error.title);
  if (!about) return error;
  const fields = [{ field: "capacity", what: error.detail }];
  return new Problem(error.status, error.title, error.detail, fields, error.traceId);
}
