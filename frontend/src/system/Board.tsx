import { useQuery } from "@tanstack/react-query";
import { Button } from "@/ui/Button";
import { Notice } from "@/ui/Notice";
import { Skeleton } from "@/ui/Skeleton";
import { useApi } from "./api";
import type { FunctionState } from "./documents";
import { hears } from "./flow";
import type { Flow } from "./flow";
import { FunctionCard } from "./FunctionCard";
import { useFunctions } from "./live";
import styles from "./Board.module.css";

const GROUPS = [
  { title: "Woken by events", kinds: ["reaction"] },
  { title: "Woken by requests that change something", kinds: ["command"] },
  { title: "Woken by questions, and streams that tell at once", kinds: ["query", "stream"] },
] as const;

/** The flow, read once: it changes only with the manifests. */
export function useFlow() {
  const api = useApi();
  return useQuery({
    queryKey: ["system", "flow"],
    queryFn: ({ signal }) => api.get<Flow>("flow", signal),
    enabled: api.can("flow"),
    staleTime: 60_000,
  });
}

/** Every function as a card. */
export function Board() {
  const { data, error, refetch } = useFunctions();
  const flow = useFlow().data;
  if (!data && !error) return <Skeleton label="Reading the functions" lines={6} />;
  return (
    <section aria-labelledby="functions" className={styles.board}>
      <h2 id="functions">Functions</h2>
      {error && (
        <Notice
          tone="amber"
          role="status"
          title={data ? "No answer: what you see is old" : "The functions cannot be read"}
          action={<Button onClick={() => void refetch()}>Try again</Button>}
        >
          {error.message} It is asked again every second.
        </Notice>
      )}
      {data &&
        groupsOf(data.functions, flow).map((group) => <Group key={group.title} {...group} />)}
    </section>
  );
}

interface GroupProps {
  title: string;
  cards: { state: FunctionState; heard: string[] }[];
}

function groupsOf(functions: readonly FunctionState[], flow: Flow | undefined): GroupProps[] {
  const cards = functions.map((state) => ({
    state,
    heard: flow ? hears(state.function, flow) : [],
    kind: flow?.nodes.find((node) => node.function === state.function)?.kind ?? null,
  }));
  if (!flow) return [{ title: "All", cards }];
  const known: string[] = GROUPS.flatMap((group) => [...group.kinds]);
  const groups: GroupProps[] = GROUPS.map(({ title, kinds }) => ({
    title,
    cards: cards.filter((card) => (kinds as readonly string[]).includes(card.kind ?? "")),
  }));
  const rest = cards.filter((card) => !known.includes(card.kind ?? ""));
  return [...groups, { title: "Others", cards: rest }].filter((group) => group.cards.length > 0);
}

function Group({ title, cards }: GroupProps) {
  return (
    <div className={styles.group}>
      <h3 className={styles.title}>{title}</h3>
      <ul className={styles.cards}>
        {cards.map(({ state, heard }) => (
          <FunctionCard key={state.function} state={state} heard={heard} />
        ))}
      </ul>
    </div>
  );
}
