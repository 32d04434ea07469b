import { useRouter } from "next/router";
import { useQueryClient } from "@tanstack/react-query";
import { call } from "@/calls";
import { withdrawStudent } from "@/contract/sdk.gen";
import type { StudentView } from "@/contract/types.gen";
import { Button } from "@/ui/Button";
import { Card } from "@/ui/Card";
import { languageName } from "@/words/languages";
import { listed } from "@/words/lists";
import { spoken } from "@/words/times";
import { bandName, goalInText } from "@/words/wishes";
import { Facts } from "../Facts";
import { Leave } from "../Leave";
import { forget } from "../pages";
import styles from "../Facts.module.css";

/** What the student asked for, and the ways to change it or to leave. */
export function StudentRequest({ student, change }: { student: StudentView; change: () => void }) {
  const queries = useQueryClient();
  const router = useRouter();
  const id = student.student_id;
  const leave = (key: string) =>
    call("withdraw_student", (shared) => withdrawStudent({ ...shared, path: { student_id: id } }), {
      key,
    });
  const left = () => {
    forget(id);
    void router.push("/").then(() => queries.clear());
  };
  return (
    <Card title="What you asked for">
      <Facts facts={wishes(student)} />
      <div className={styles.buttons}>
        {student.state !== "closed" && <Button onClick={change}>Change details</Button>}
        <Leave
          button="Leave"
          title="Leave LearnFlow?"
          confirm="Leave and erase"
          leave={leave}
          left={left}
        >
          Your name and wishes are erased, a booked place goes to somebody else, and this link stops
          working. This cannot be taken back.
        </Leave>
      </div>
    </Card>
  );
}

/** What is not said is shown too: it says what could make the match better. */
function wishes({ times, languages, goals, budget_band: budget }: StudentView): [string, string][] {
  return [
    ["Times", times.length ? spoken(times).join(", ") : "Any time"],
    ["Languages", languages.length ? listed(languages.map(languageName)) : "Any language"],
    ["Goals", goals.length ? listed(goals.map(goalInText)) : "Not said"],
    ["Budget", budget ? `${budget} of 5, ${bandName(budget).toLowerCase()}` : "Any price"],
  ];
}
