import { lazy, Suspense, useState } from "react";
import { useQuery } from "@tanstack/react-query";
import type { StudentView } from "@/contract/types.gen";
import { ButtonLink } from "@/ui/Button";
import { Card } from "@/ui/Card";
import { unreachable } from "@/problem";
import { Skeleton } from "@/ui/Skeleton";
import { Steps } from "@/ui/Steps";
import { headline, outlook } from "@/words/student";
import { subjectName } from "@/words/subjects";
import { Announce } from "../Announce";
import { useArrival } from "../arrival";
import { KeyLink } from "../KeyLink";
import { PageHead } from "../PageHead";
import { tutorQuery } from "../queries";
import { Away, Unknown } from "../Trouble";
import { MatchSection } from "./MatchSection";
import { progress } from "./progress";
import { StudentRequest } from "./StudentRequest";
import { WhatHelps } from "./WhatHelps";
import { usePatience } from "./usePatience";
import { useStudent } from "./useStudent";
import styles from "../Page.module.css";

const ChangeStudent = lazy(() => import("./ChangeStudent"));

/** A student's page: the request on its way, the match and why, what can be changed. */
export default function StudentPage({ id }: { id: string }) {
  const { student, etag, gone, error, errorUpdateCount, refetch } = useStudent(id);
  if (gone) return <Unknown kind="student" id={id} />;
  if (student === undefined) {
    const reading = <Skeleton label="Reading your request" lines={5} />;
    const away = <Away error={error ?? unreachable()} retry={() => void refetch()} />;
    return errorUpdateCount > 0 ? away : reading;
  }
  return (
    <>
      {error && <Away error={error} retry={() => void refetch()} />}
      <Known student={student} etag={etag} />
    </>
  );
}

function Known({ student, etag }: { student: StudentView; etag: string }) {
  const heading = useArrival(student.student_id);
  const [changing, setChanging] = useState(false);
  const tutor = useTutorName(student);
  const title = headline(student, tutor);
  const who = (
    <>
      <bdi>{student.name}</bdi>, grade {student.grade}, {subjectName(student.subject)}
    </>
  );
  const whole = <Named title={title} name={tutor} />;
  return (
    <>
      <PageHead title={title} heading={whole} eyebrow={who} headingRef={heading}>
        {outlook(student)}
      </PageHead>
      <Announce words={title} />
      {changing ? (
        <Suspense fallback={<Skeleton label="Opening the form" lines={5} />}>
          <ChangeStudent student={student} etag={etag} done={() => setChanging(false)} />
        </Suspense>
      ) : (
        <div className={styles.columns}>
          <Request student={student} />
          <div className={styles.side}>
            <StudentRequest student={student} change={() => setChanging(true)} />
            <KeyLink kind="student" id={student.student_id} />
          </div>
        </div>
      )}
    </>
  );
}

function Request({ student }: { student: StudentView }) {
  const patience = usePatience(student.state === "pending");
  const { match } = student;
  return (
    <div className={styles.main}>
      <Card>
        <Steps label="Your request" steps={progress(student, patience)} />
      </Card>
      {student.state === "closed" && (
        <div>
          <ButtonLink href="/student/" kind="primary">
            Register again
          </ButtonLink>
        </div>
      )}
      {student.state === "waiting" && <WhatHelps student={student} />}
      {match && <MatchSection key={match.match_id} student={student} match={match} />}
    </div>
  );
}

/** A heading that may begin with a name, which keeps its own direction. */
function Named({ title, name }: { title: string; name: string | undefined }) {
  if (!name || !title.startsWith(name)) return title;
  return (
    <>
      <bdi>{name}</bdi>
      {title.slice(name.length)}
    </>
  );
}

/** The tutor's name, once it is known. */
function useTutorName(student: StudentView): string | undefined {
  const id = student.match?.tutor_id;
  const { data } = useQuery({ ...tutorQuery(id ?? ""), enabled: id !== undefined });
  return data?.data.name;
}
