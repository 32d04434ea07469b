import type { TutorWithStudents } from "@/contract/types.gen";
import { Badge } from "@/ui/Badge";
import { Empty } from "@/ui/Empty";
import { places } from "@/words/tutor";
import { TaughtStudentCard } from "./TaughtStudentCard";
import styles from "./Students.module.css";

/** Everybody who has one of the tutor's places, those who wait for an answer first. */
export function Students({ tutor }: { tutor: TutorWithStudents }) {
  const answered = (state: string) => (state === "booked" ? 0 : 1);
  const students = [...tutor.students].sort(
    (one, other) => answered(one.state) - answered(other.state),
  );
  return (
    <section className={styles.students} aria-labelledby="students">
      <div className={styles.head}>
        <h2 id="students">Your students</h2>
        <Badge tone={tutor.free > 0 ? "accent" : "amber"}>{places(tutor)}</Badge>
      </div>
      {students.length > 0 ? (
        <ul className={styles.list}>
          {students.map((taught) => (
            <li key={taught.match_id}>
              <TaughtStudentCard taught={taught} tutor={tutor} />
            </li>
          ))}
        </ul>
      ) : (
        <Empty title="No students yet">{emptyWords(tutor.available)}</Empty>
      )}
    </section>
  );
}

function emptyWords(available: boolean): string {
  return available
    ? "As soon as somebody who suits you looks for a tutor, they appear here by themselves."
    : "You take no new students now. Change that under availability, and they appear here.";
}
