import { useMemo } from "react";
import Head from "next/head";
import { useQuery } from "@tanstack/react-query";
import { config } from "@/config";
import type { Config } from "@/config";
import { Button } from "@/ui/Button";
import { Empty } from "@/ui/Empty";
import { Notice } from "@/ui/Notice";
import { Skeleton } from "@/ui/Skeleton";
import { ApiContext, systemApi } from "./api";
import { Live } from "./live";
import { Panels } from "./Panels";
import styles from "./SystemPage.module.css";

/** Everything that runs, as it runs: for those who evaluate LearnFlow and those who operate it. */
export function SystemPage() {
  return (
    <>
      <Head>
        <title>System · LearnFlow</title>
      </Head>
      <div className={styles.intro}>
        <h1>The system</h1>
        <p>
          Every function sleeps until a request or an event wakes it, and sleeps again soon after.
        </p>
      </div>
      <System />
    </>
  );
}

function System() {
  const { data, error, refetch } = useQuery({ queryKey: ["config"], queryFn: config });
  if (error)
    return (
      <Notice
        tone="error"
        role="alert"
        title="LearnFlow could not be reached"
        action={<Button onClick={() => void refetch()}>Try again</Button>}
      >
        <p>
          Is it running? The command is <code>make run</code>.
        </p>
      </Notice>
    );
  if (!data) return <Skeleton label="Reading what this installation can do" />;
  if (!data.system) return <Elsewhere />;
  return <Connected system={data.system} />;
}

function Elsewhere() {
  return (
    <Empty title="This page needs the embedded system">
      It looks into a LearnFlow that runs on one machine: start it with <code>make run</code> and
      open <code>/system/</code> there. On a cluster, ask <code>learnflow cluster status</code>.
    </Empty>
  );
}

function Connected({ system }: { system: NonNullable<Config["system"]> }) {
  const api = useMemo(() => systemApi(system.url, system.can), [system]);
  return (
    <ApiContext value={api}>
      <Live>
        <Panels />
      </Live>
    </ApiContext>
  );
}
