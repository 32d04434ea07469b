import type { StudentView } from "@/contract/types.gen";
import { Card } from "@/ui/Card";
import { whatHelps } from "@/words/student";
import styles from "../Facts.module.css";

/** For those who wait: which of their wishes narrow the choice. */
export function WhatHelps({ student }: { student: StudentView }) {
  return (
    <Card title="What may help">
      <ul className={styles.points}>
        {whatHelps(student).map((tip) => (
          <li key={tip}>{tip}</li>
        ))}
      </ul>
    </Card>
  );
}
