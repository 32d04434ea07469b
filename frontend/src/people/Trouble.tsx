import { Button, ButtonLink } from "@/ui/Button";
import { Empty } from "@/ui/Empty";
import { Notice } from "@/ui/Notice";
import { Problem } from "@/problem";
import { failureWords } from "@/words/problems";
import { forget } from "./pages";
import { PageHead } from "./PageHead";

interface UnknownProps {
  kind: "student" | "tutor";
  id: string;
}

/** The link leads to nobody: never was, or has left. */
export function Unknown({ kind, id }: UnknownProps) {
  return (
    <>
      <PageHead
        title="Nobody is here"
        eyebrow={kind === "student" ? "For students" : "For tutors"}
      />
      <Empty
        title={`This link does not lead to a ${kind}`}
        action={
          <ButtonLink href="/" kind="primary" onClick={() => forget(id)}>
            Start page
          </ButtonLink>
        }
      >
        Either a part of the link is missing, or whoever it belonged to has left.
      </Empty>
    </>
  );
}

/** What was wanted could not be read now, though it may be soon. */
export function Away({ error, retry }: { error: Error; retry: () => void }) {
  const { title, advice } = awayWords(error);
  return (
    <Notice
      tone="amber"
      role="status"
      title={title}
      action={<Button onClick={retry}>Try again</Button>}
    >
      <p>{advice}</p>
    </Notice>
  );
}

function awayWords(error: Error): { title: string; advice: string } {
  if (error instanceof Problem && !error.passes) return failureWords(error);
  return {
    title: "LearnFlow cannot be reached right now",
    advice: "Your request is safe. This page goes on by itself as soon as there is an answer.",
  };
}
