import { useState } from "react";
import { useMutation } from "@tanstack/react-query";
import { call, newKey } from "@/calls";
import { registerStudent } from "@/contract/sdk.gen";
import { Button } from "@/ui/Button";
import { Card } from "@/ui/Card";
import { useApi } from "./api";
import { BurstResult } from "./BurstResult";
import type { BurstRun } from "./BurstResult";
import type { Burst } from "./documents";
import { FaultSwitches } from "./FaultSwitches";
import { counted, short } from "./words";
import styles from "./Controls.module.css";

const BURST = 50;
const STUDENT = { name: "Example student", grade: 7, subject: "mathematics" };

interface ControlsProps {
  /** A student was registered; its id leads to the request's trace. */
  onRegistered: (id: string) => void;
}

/** Buttons that set something off: only here, on a system that is one's own. */
export function Controls({ onRegistered }: ControlsProps) {
  const api = useApi();
  const register = useRegister(onRegistered);
  const burst = useBurst();
  const zero = useMutation({
    mutationFn: () => api.post<{ ending: Record<string, number> }>("zero"),
  });
  const failed = register.error ?? burst.error ?? zero.error;
  const said =
    register.submittedAt > zero.submittedAt
      ? register.data && `Student ${short(register.data)} is registered: its way is below.`
      : zero.data && !zero.isPending && endingWords(zero.data.ending);
  return (
    <Card title="Set something off, and watch it breathe">
      <div className={styles.buttons}>
        <Button kind="primary" busy={register.isPending} onClick={() => register.mutate()}>
          Register one student
        </Button>
        {api.can("burst") && (
          <Button busy={burst.isPending} onClick={() => burst.mutate(BURST)}>
            Burst of {BURST}
          </Button>
        )}
        {api.can("zero") && (
          <Button busy={zero.isPending} onClick={() => zero.mutate()}>
            Scale all to zero
          </Button>
        )}
        <p role="status" className={styles.said}>
          {said}
        </p>
      </div>
      {failed && (
        <p role="alert" className={styles.error}>
          {failed.message}
        </p>
      )}
      {burst.run && <BurstResult key={burst.run.began} run={burst.run} />}
      {api.can("faults") && <FaultSwitches />}
    </Card>
  );
}

function useRegister(onRegistered: (id: string) => void) {
  return useMutation({
    mutationFn: async () => {
      const through = (shared: object) => registerStudent({ ...shared, body: STUDENT });
      const { data } = await call("register_student", through, { key: newKey() });
      return data.student_id;
    },
    onSuccess: onRegistered,
  });
}

function useBurst() {
  const api = useApi();
  const [run, setRun] = useState<BurstRun | null>(null);
  const mutation = useMutation({
    mutationFn: async (count: number) => {
      const began = Date.now();
      setRun({ began, count, burst: null });
      const burst = await api.post<Burst>("burst", { count });
      setRun({ began, count, burst });
    },
    onError: () => setRun(null),
  });
  return { ...mutation, run };
}

function endingWords(ending: Record<string, number>): string {
  const instances = Object.values(ending).reduce((total, count) => total + count, 0);
  if (instances === 0) return "Nothing was awake.";
  return `${counted(instances, "instance")} of ${counted(Object.keys(ending).length, "function")} end.`;
}
