import { useQuery, useQueryClient } from "@tanstack/react-query";
import { call } from "@/calls";
import { respondToMatch } from "@/contract/sdk.gen";
import type { RespondToMatch, TaughtStudent, TutorWithStudents } from "@/contract/types.gen";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { Card } from "@/ui/Card";
import { Notice } from "@/ui/Notice";
import { Skeleton } from "@/ui/Skeleton";
import { failureWords } from "@/words/problems";
import { asked } from "@/words/tutor";
import { Facts } from "../Facts";
import { studentQuery, tutorQuery } from "../queries";
import { useSubmit } from "../useSubmit";
import styles from "./Students.module.css";

type Response = RespondToMatch["response"];

interface TaughtStudentCardProps {
  taught: TaughtStudent;
  tutor: TutorWithStudents;
}

/** One student who has a place: who they are, what they want, and what the tutor says to it. */
export function TaughtStudentCard({ taught, tutor }: TaughtStudentCardProps) {
  const { data, isError } = useQuery(studentQuery(taught.student_id));
  const student = data?.data;
  const waits = taught.state === "booked";
  const name = student?.name ?? "Student";
  return (
    <Card
      level={3}
      tone={waits ? "amber" : "plain"}
      title={<bdi>{name}</bdi>}
      aside={
        <Badge tone={waits ? "amber" : "accent"} dot={waits ? "hollow" : "full"}>
          {waits ? "Waits for your answer" : "Accepted"}
        </Badge>
      }
    >
      {student && <Facts facts={asked(student, tutor)} />}
      {!student && (isError ? <p>Not readable now.</p> : <Skeleton label="Reading the student" />)}
      <Answers taught={taught} tutorId={tutor.tutor_id} name={name} />
    </Card>
  );
}

interface AnswersProps {
  taught: TaughtStudent;
  tutorId: string;
  name: string;
}

function Answers({ taught, tutorId, name }: AnswersProps) {
  const queries = useQueryClient();
  const { busy, problem, submit } = useSubmit();
  const path = { match_id: taught.match_id };

  async function respond(response: Response): Promise<void> {
    if (busy) return;
    const send = (key: string) =>
      call(
        "respond_to_match",
        (shared) => respondToMatch({ ...shared, path, body: { response } }),
        {
          key,
        },
      );
    await submit({ response }, null, send);
    await queries.invalidateQueries({ queryKey: tutorQuery(tutorId).queryKey });
  }

  const button = (response: Response, words: string, kind?: "primary") => (
    <Button kind={kind} busy={busy} onClick={() => void respond(response)}>
      {words}
      <span className="visually-hidden"> {name}</span>
    </Button>
  );
  return (
    <>
      <div className={styles.buttons}>
        {taught.state === "booked" && button("accept", "Accept", "primary")}
        {taught.state === "booked" && button("decline", "Decline")}
        {taught.state === "accepted" && button("end", "End tutoring")}
      </div>
      {problem && (
        <Notice tone="error" role="alert" title={failureWords(problem).title}>
          {failureWords(problem).advice}
        </Notice>
      )}
    </>
  );
}
