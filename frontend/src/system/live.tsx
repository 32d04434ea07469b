import { createContext, useContext, useEffect, useState, useSyncExternalStore } from "react";
import type { ReactNode } from "react";
import { queryOptions, useQuery } from "@tanstack/react-query";
import type { UseQueryResult } from "@tanstack/react-query";
import { useLiveBadge } from "@/ui/live-slot";
import { useApi } from "./api";
import type { FunctionState, Functions, Listed, News } from "./documents";
import { follow } from "./lines";
import { LiveStore, NOTHING } from "./live-store";
import type { Heard } from "./live-store";

const POLL_MS = 1_000;
/** While something is under way one wants to see it rise. */
const WORKING_POLL_MS = 400;
const LISTED = 60;
const StoreContext = createContext<LiveStore | null>(null);

/** Hears events while the page is seen, for the parts below. */
export function Live({ children }: { children: ReactNode }) {
  const [store] = useState(() => new LiveStore());
  return (
    <StoreContext value={store}>
      <Hearing store={store} />
      {children}
    </StoreContext>
  );
}

function Hearing({ store }: { store: LiveStore }) {
  const api = useApi();
  const seen = useSeen();
  const events = api.can("events");
  useEffect(() => {
    if (!seen || !events) return;
    const giveUp = new AbortController();
    const list = () =>
      void api
        .get<{ events: Listed[] }>(`events?limit=${LISTED}`, giveUp.signal)
        .then((found) => store.list(found.events))
        .catch(() => {}); // the stream tells what comes, and reconnecting asks again
    list();
    void follow<News>({
      open: (signal) => api.lines("events/tail", signal),
      hear: (news) => store.hear(news),
      say: (state) => store.say(state),
      again: list,
      signal: giveUp.signal,
    });
    return () => giveUp.abort();
  }, [api, store, seen, events]);
  usePolledFunctions();
  const state = useHeard((heard) => heard.following);
  useLiveBadge(events ? state : null);
  return null;
}

/** A part of what was heard; `choose` must give the same value as long as nothing changed. */
export function useHeard<T>(choose: (heard: Heard) => T): T {
  const store = useStore();
  return useSyncExternalStore(
    store.subscribe,
    () => choose(store.get()),
    () => choose(NOTHING),
  );
}

/** The functions as they run: asked about once a second, above, for all who look. */
export function useFunctions(): UseQueryResult<Functions> {
  return useQuery(useFunctionsQuery());
}

function usePolledFunctions(): void {
  useQuery({
    ...useFunctionsQuery(),
    refetchInterval: ({ state }) => (state.data?.functions.some(works) ? WORKING_POLL_MS : POLL_MS),
  });
}

function works(state: FunctionState): boolean {
  return state.requests > 0 || state.starting > 0;
}

function useFunctionsQuery() {
  const api = useApi();
  const store = useStore();
  return queryOptions({
    queryKey: ["system", "functions"],
    queryFn: async ({ signal }) => {
      const found = await api.get<Functions>("functions", signal);
      store.sample(found.functions);
      return found;
    },
    staleTime: WORKING_POLL_MS,
    retry: false,
  });
}

/** Everything heard up to now, for those who ask only now and then. */
export function useHeardNow(): () => Heard {
  return useStore().get;
}

function useStore(): LiveStore {
  const store = useContext(StoreContext);
  if (!store) throw new Error("useStore is for parts below Live");
  return store;
}

function useSeen(): boolean {
  return useSyncExternalStore(
    (changed) => {
      document.addEventListener("visibilitychange", changed);
      return () => document.removeEventListener("visibilitychange", changed);
    },
    () => document.visibilityState === "visible",
    () => false,
  );
}
