import type { TutorWithStudents } from "@/contract/types.gen";
import { unreachable } from "@/problem";
import { Skeleton } from "@/ui/Skeleton";
import { counted, listed } from "@/words/lists";
import { subjectInText, subjectName } from "@/words/subjects";
import { gradesOf } from "@/words/tutor";
import { Announce } from "../Announce";
import { useArrival } from "../arrival";
import { KeyLink } from "../KeyLink";
import { PageHead } from "../PageHead";
import { Away, Unknown } from "../Trouble";
import { Availability } from "./Availability";
import { LeaveTutor } from "./LeaveTutor";
import { Students } from "./Students";
import { useTutor } from "./useTutor";
import styles from "../Page.module.css";

/** A tutor's page: the students as they come, and what is offered. */
export default function TutorPage({ id }: { id: string }) {
  const { tutor, etag, gone, error, errorUpdateCount, refetch } = useTutor(id);
  if (gone) return <Unknown kind="tutor" id={id} />;
  if (tutor === undefined) {
    const reading = <Skeleton label="Reading your offer" lines={5} />;
    const away = <Away error={error ?? unreachable()} retry={() => void refetch()} />;
    return errorUpdateCount > 0 ? away : reading;
  }
  return (
    <>
      {error && <Away error={error} retry={() => void refetch()} />}
      <Known tutor={tutor} etag={etag} />
    </>
  );
}

function Known({ tutor, etag }: { tutor: TutorWithStudents; etag: string }) {
  const heading = useArrival(tutor.tutor_id);
  const subjects = tutor.subjects.map((code, place) => (place ? subjectInText : subjectName)(code));
  return (
    <>
      <PageHead
        title={tutor.name}
        heading={<bdi>{tutor.name}</bdi>}
        eyebrow={`Tutor for ${gradesOf(tutor)}`}
        headingRef={heading}
      >
        {listed(subjects)}
      </PageHead>
      <Announce words={situation(tutor)} />
      <div className={styles.columns}>
        <div className={styles.main}>
          <Students tutor={tutor} />
        </div>
        <div className={styles.side}>
          <Availability tutor={tutor} etag={etag} />
          <KeyLink kind="tutor" id={tutor.tutor_id} />
          <LeaveTutor id={tutor.tutor_id} />
        </div>
      </div>
    </>
  );
}

/** What those who do not see the list are told when it changes. */
function situation({ students }: TutorWithStudents): string {
  const waiting = students.filter(({ state }) => state === "booked").length;
  if (students.length === 0) return "No students yet";
  const all = `You have ${counted(students.length, "student")}`;
  return waiting ? `${all}, ${waiting} ${waiting === 1 ? "waits" : "wait"} for your answer` : all;
}
