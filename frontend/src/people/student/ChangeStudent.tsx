import { useEffect, useRef, useState } from "react";
import { useQueryClient } from "@tanstack/react-query";
import { call } from "@/calls";
import { updateStudent } from "@/contract/sdk.gen";
import type { StudentForm, StudentView } from "@/contract/types.gen";
import { Problem } from "@/problem";
import { Button } from "@/ui/Button";
import { Card } from "@/ui/Card";
import { studentForm } from "../forms";
import { FormShell } from "../FormShell";
import { studentQuery } from "../queries";
import { useSubmit } from "../useSubmit";
import { StudentFields } from "./StudentFields";

interface ChangeStudentProps {
  student: StudentView;
  etag: string;
  done: () => void;
}

/** All that the student said, to be said anew. The version that was read is the one changed. */
export default function ChangeStudent({ student, etag, done }: ChangeStudentProps) {
  const [base, setBase] = useState({ data: student, etag });
  const { busy, problem, submit } = useSubmit();
  const queries = useQueryClient();
  const heading = useRef<HTMLSpanElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const options = studentQuery(student.student_id);
  const path = { student_id: student.student_id };

  async function change(form: StudentForm): Promise<void> {
    const send = (key: string) =>
      call(
        "update_student",
        ({ headers, ...shared }) =>
          updateStudent({
            ...shared,
            path,
            body: form,
            headers: { ...headers, "If-Match": base.etag },
          }),
        { key },
      ).catch(async (error: unknown) => {
        const stale = error instanceof Problem && error.status === 412;
        if (stale) setBase(await queries.fetchQuery({ ...options, staleTime: 0 }));
        throw error;
      });
    if (!(await submit({ ...form, version: base.etag }, "student", send))) return;
    await queries.invalidateQueries({ queryKey: options.queryKey });
    done();
  }

  return (
    <Card
      narrow
      title={
        <span ref={heading} tabIndex={-1}>
          Change details
        </span>
      }
    >
      <FormShell
        key={base.etag}
        label="Change details"
        problem={problem}
        busy={busy}
        submitText="Save changes"
        busyText="Saving…"
        onSubmit={(data) => void change(studentForm(data))}
        more={<Button onClick={done}>Keep as it was</Button>}
      >
        <StudentFields problem={problem} student={base.data} />
      </FormShell>
    </Card>
  );
}
