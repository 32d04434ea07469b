import { useQuery } from "@tanstack/react-query";
import type { MatchOfStudent, MatchView, Part, Reason, RunnerUp } from "@/contract/types.gen";
import { Card } from "@/ui/Card";
import { Skeleton } from "@/ui/Skeleton";
import { counted, listed } from "@/words/lists";
import { named } from "@/words/names";
import { against, decidedBy, inFavour, leftOut } from "@/words/reasons";
import type { Pair } from "@/words/reasons";
import { subjectInText } from "@/words/subjects";
import { tutorQuery } from "../queries";
import styles from "./WhyCard.module.css";

interface WhyCardProps {
  pair: Pair;
  /** How the tutor is called in sentences. */
  name: string;
  match: MatchOfStudent;
  view: MatchView | undefined;
  failed: boolean;
}

/** Why this tutor and not another: what speaks for and against, who came next, who could not. */
export function WhyCard({ pair, name, match, view, failed }: WhyCardProps) {
  const reasons = view?.reasons ?? { in_favour: match.reasons, against: [] };
  return (
    <Card title={`Why ${pair.tutor ? named(name) : "this tutor"}`}>
      <Points reasons={reasons} pair={pair} />
      {view === undefined && !failed && <Skeleton label="Reading the comparison" lines={2} />}
      {view?.runner_up && <Runner runner={view.runner_up} view={view} name={name} />}
      {view?.filters && <Field filters={view.filters} />}
    </Card>
  );
}

interface PointsProps {
  reasons: { in_favour: readonly (Part | Reason)[]; against: readonly Part[] };
  pair: Pair;
}

function Points({ reasons, pair }: PointsProps) {
  const most = Math.max(...reasons.in_favour.map(({ value }) => value ?? 0), 0.001);
  return (
    <ul className={styles.points}>
      {reasons.in_favour.map((part) => (
        <li key={part.code} className={styles.plus}>
          <span className={styles.words}>{inFavour(part, pair)}</span>
          {part.value != null && (
            <meter className={styles.weight} value={part.value / most} aria-label="Weight">
              {Math.round((part.value / most) * 100)} %
            </meter>
          )}
        </li>
      ))}
      {reasons.against.map((part) => (
        <li key={part.code} className={styles.minus}>
          <span className={styles.words}>
            <span className="visually-hidden">Against: </span>
            {against(part)}
          </span>
        </li>
      ))}
    </ul>
  );
}

function Runner({ runner, view, name }: { runner: RunnerUp; view: MatchView; name: string }) {
  const other = useQuery(tutorQuery(runner.tutor_id)).data?.data.name ?? "Another tutor";
  const points = view.score === null ? "" : ` (${view.score.toFixed(1)} points)`;
  return (
    <div className={styles.block}>
      <h3>Who came next</h3>
      <p>
        <bdi>{other}</bdi>, with {runner.score.toFixed(1)} points beside <bdi>{name}</bdi>
        {points}. {decidedBy(runner.decided_by, name, other)}
      </p>
    </div>
  );
}

function Field({ filters }: { filters: NonNullable<MatchView["filters"]> }) {
  const { teaching, remaining, subject } = filters;
  const out = leftOut(filters.left_out);
  return (
    <div className={styles.block}>
      <h3>Who could be asked</h3>
      <p>
        {counted(teaching, "tutor teaches", "tutors teach")} {subjectInText(subject)};{" "}
        {couldTake(remaining, teaching)} could take you now.
        {out.length > 0 && ` Left out: ${listed(out)}.`}
      </p>
    </div>
  );
}

function couldTake(remaining: number, teaching: number): string {
  if (remaining < teaching) return remaining === 0 ? "none" : String(remaining);
  return teaching === 1 ? "this one" : "all of them";
}
