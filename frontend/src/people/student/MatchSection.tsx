import { useQuery } from "@tanstack/react-query";
import type { MatchOfStudent, MatchView, StudentView } from "@/contract/types.gen";
import { matchQuery, tutorQuery } from "../queries";
import { MatchCard } from "./MatchCard";
import { Rating } from "./Rating";
import { WhyCard } from "./WhyCard";

const ANSWER_EVERY = 5_000;

interface MatchSectionProps {
  student: StudentView;
  match: MatchOfStudent;
}

/** The tutor who was found, why this one, and what the student thinks of it. */
export function MatchSection({ student, match }: MatchSectionProps) {
  const tutor = useQuery(tutorQuery(match.tutor_id)).data?.data;
  const explained = useQuery({
    ...matchQuery(match.match_id),
    // Acceptance is not told on the student's stream: asked for while it is open.
    refetchInterval: ({ state }) => (isOpen(state.data?.data) ? ANSWER_EVERY : false),
  });
  const view = explained.data?.data;
  const name = tutor?.name ?? "Your tutor";
  return (
    <>
      <MatchCard student={student} tutor={tutor} view={view} />
      <WhyCard
        pair={{ student, tutor }}
        name={name}
        match={match}
        view={view}
        failed={explained.isError}
      />
      <Rating matchId={match.match_id} name={name} outcomes={view?.outcomes} />
    </>
  );
}

function isOpen(view: MatchView | undefined): boolean {
  return view === undefined || view.state === "held" || view.state === "booked";
}
