import { describe, expect, it } from "vitest";
import type { StudentView, TutorWithStudents } from "@/contract/types.gen";
import type { Message } from "@/live/messages";
import { studentAfter, tutorAfter } from "./news";

const student: StudentView = {
  student_id: "s",
  version: 1,
  name: "Max",
  grade: 7,
  subject: "mathematics",
  times: [],
  languages: [],
  budget_band: null,
  goals: [],
  state: "pending",
  round: 0,
  match: null,
  registered_at: "2026-11-23T10:00:00Z",
  notified_at: null,
};

function told(event: string, round: number, match_id: string | null = null): Message {
  const tutor_id = match_id && `tutor of ${match_id}`;
  return { id: round, event, data: { student_id: "s", round, match_id, tutor_id, reasons: [] } };
}

const history = (...messages: Message[]) => messages.reduce(studentAfter, student);

describe("a student", () => {
  it("is matched by the notification alone", () => {
    const after = history(told("matched", 1, "a"));
    expect([after.state, after.round, after.match?.tutor_id]).toEqual(["matched", 1, "tutor of a"]);
  });

  it("has the next tutor after a decline, and waits when there is none", () => {
    expect(history(told("matched", 1, "a"), told("matched", 2, "b")).match?.match_id).toBe("b");
    const waiting = history(told("matched", 1, "a"), told("waiting", 2));
    expect([waiting.state, waiting.match]).toEqual(["waiting", null]);
  });

  it("is not taken back by what was told before", () => {
    const now = history(told("matched", 2, "b"));
    expect(studentAfter(now, told("waiting", 1))).toBe(now);
  });

  it("stays the same object when the page is told what it knows", () => {
    const now = history(told("matched", 1, "a"));
    expect(studentAfter(now, told("matched", 1, "a"))).toBe(now);
  });

  it("is closed by the end of the same round, and its match does not come back", () => {
    const ended = history(told("matched", 1, "a"), told("ended", 1, "a"));
    expect(ended.state).toBe("closed");
    expect(studentAfter(ended, told("matched", 1, "a"))).toBe(ended);
  });

  it("is unmoved by a kind that nobody knows", () => {
    expect(history(told("praised", 1))).toBe(student);
  });
});

const tutor = { tutor_id: "t", capacity: 2, free: 2, students: [] } as unknown as TutorWithStudents;
const taught = (...messages: Message[]) => messages.reduce(tutorAfter, tutor);

describe("a tutor", () => {
  it("has a student who waits for the answer, and one place less", () => {
    const { students, free } = taught(told("matched", 1, "a"));
    expect(students).toEqual([{ student_id: "s", match_id: "a", round: 1, state: "booked" }]);
    expect(free).toBe(1);
  });

  it("keeps an accepted student accepted when told of the match again", () => {
    const [booked] = taught(told("matched", 1, "a")).students;
    const accepted = { ...tutor, students: [{ ...booked!, state: "accepted" as const }] };
    expect(tutorAfter(accepted, told("matched", 1, "a"))).toBe(accepted);
  });

  it.each(["released", "ended"])("has the place again when a student is %s", (kind) => {
    const { students, free } = taught(told("matched", 1, "a"), told(kind, 1, "a"));
    expect([students, free]).toEqual([[], 2]);
  });

  it("keeps a student of a later round when an earlier one is released late", () => {
    const now = taught(told("matched", 3, "b"));
    expect(tutorAfter(now, told("released", 2, "a"))).toBe(now);
  });
});
