import type { MatchView, StudentView, TutorView } from "@/contract/types.gen";
import { Badge } from "@/ui/Badge";
import type { Tone } from "@/ui/Badge";
import { Card } from "@/ui/Card";
import { Skeleton } from "@/ui/Skeleton";
import { answer } from "@/words/student";
import { offer } from "@/words/tutor";
import { Facts } from "../Facts";

interface MatchCardProps {
  student: StudentView;
  tutor: TutorView | undefined;
  view: MatchView | undefined;
}

const TONES: Record<MatchView["state"], Tone> = {
  held: "neutral",
  booked: "amber",
  accepted: "accent",
  declined: "neutral",
  ended: "neutral",
  closed: "neutral",
  replaced: "neutral",
};

/** Who teaches, what they offer, and what they have said to it. */
export function MatchCard({ student, tutor, view }: MatchCardProps) {
  const badge = view && tutor && (
    <Badge tone={TONES[view.state]} dot={view.state === "accepted" ? "full" : "hollow"}>
      {answer(view.state, tutor.name)}
    </Badge>
  );
  return (
    <Card
      tone="accent"
      title={tutor ? <bdi>{tutor.name}</bdi> : "Your tutor"}
      aside={<span role="status">{badge}</span>}
    >
      {tutor ? <Facts facts={offer(tutor, student)} /> : <Skeleton label="Reading the tutor" />}
    </Card>
  );
}
