import type {
  StudentNews,
  StudentNotification,
  StudentView,
  TutorNotification,
  TutorWithStudents,
} from "@/contract/types.gen";
import type { Message } from "@/live/messages";

type StudentKind = StudentNotification["event"];
type TutorKind = TutorNotification["event"];

export const STUDENT_KINDS = ["matched", "waiting", "closed", "ended"] satisfies StudentKind[];
export const TUTOR_KINDS = ["matched", "released", "ended"] satisfies TutorKind[];

const STATES = {
  matched: "matched",
  waiting: "waiting",
  closed: "closed",
  ended: "closed",
} as const;

/** The match that a notification is about, if it is about one. */
export function matchIn(message: Message): StudentView["match"] {
  const { match_id, tutor_id, reasons } = message.data as StudentNews;
  return match_id && tutor_id ? { match_id, tutor_id, reasons } : null;
}

/** The student as a notification leaves them; the same object when it says nothing new. */
export function studentAfter(student: StudentView, message: Message): StudentView {
  const { event, data } = message as StudentNotification;
  if (!(event in STATES) || data.round < student.round) return student;
  const state = STATES[event];
  const match = state === "matched" ? matchIn(message) : null;
  if (data.round === student.round) {
    const same = state === student.state && match?.match_id === student.match?.match_id;
    if (same || student.state === "closed") return student;
  }
  return { ...student, state, round: data.round, match };
}

/** The tutor as a notification leaves them; later rounds of a student win. */
export function tutorAfter(tutor: TutorWithStudents, message: Message): TutorWithStudents {
  const { event, data } = message as TutorNotification;
  const before = tutor.students.find((one) => one.student_id === data.student_id);
  if (before && before.round > data.round) return tutor;
  const others = tutor.students.filter((one) => one !== before);
  if (event !== "matched") return before ? taught(tutor, others) : tutor;
  if (before?.match_id === data.match_id) return tutor;
  const { student_id, match_id, round } = data;
  return taught(tutor, [...others, { student_id, match_id, round, state: "booked" }]);
}

function taught(tutor: TutorWithStudents, students: TutorWithStudents["students"]) {
  return { ...tutor, students, free: Math.max(0, tutor.capacity - students.length) };
}
