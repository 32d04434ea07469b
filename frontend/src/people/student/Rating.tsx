import { useState } from "react";
import { useQueryClient } from "@tanstack/react-query";
import { call } from "@/calls";
import { rateMatch } from "@/contract/sdk.gen";
import type { OutcomeView } from "@/contract/types.gen";
import { Button } from "@/ui/Button";
import { Card } from "@/ui/Card";
import { Notice } from "@/ui/Notice";
import { counted } from "@/words/lists";
import { failureWords } from "@/words/problems";
import { matchQuery } from "../queries";
import { useSubmit } from "../useSubmit";
import { Stars } from "./Stars";
import styles from "./Rating.module.css";

interface RatingProps {
  matchId: string;
  name: string;
  outcomes: readonly OutcomeView[] | undefined;
}

/** One to five stars, once: the first rating stands. */
export function Rating({ matchId, name, outcomes }: RatingProps) {
  const [chosen, choose] = useState(0);
  const [given, give] = useState(0);
  const { busy, problem, submit } = useSubmit();
  const queries = useQueryClient();
  const stars = outcomes?.find(({ kind }) => kind === "rated")?.stars ?? given;

  async function rate(): Promise<void> {
    const send = (key: string) =>
      call(
        "rate_match",
        (shared) => rateMatch({ ...shared, path: { match_id: matchId }, body: { stars: chosen } }),
        { key },
      );
    if (!(await submit({ stars: chosen }, null, send))) return;
    give(chosen);
    await queries.invalidateQueries({ queryKey: matchQuery(matchId).queryKey });
  }

  return (
    <Card title="How good is this match?">
      {stars ? (
        <p role="status">You rated it with {counted(stars, "star")}. Thank you.</p>
      ) : (
        <form
          className={styles.form}
          onSubmit={(event) => {
            event.preventDefault();
            if (chosen && !busy) void rate();
          }}
        >
          <Stars label={`Stars for ${name}`} chosen={chosen} choose={choose} />
          <Button type="submit" disabled={!chosen} busy={busy} busyText="Saving…">
            Save rating
          </Button>
          <p className={styles.hint}>The first rating stands, so take your time.</p>
        </form>
      )}
      {problem && (
        <Notice tone="error" role="alert" title={failureWords(problem).title}>
          {failureWords(problem).advice}
        </Notice>
      )}
    </Card>
  );
}
