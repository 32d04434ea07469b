import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useApi } from "./api";
import type { SystemApi } from "./api";
import type { Fault } from "./documents";
import { faultOf, OFFERED, othersOf } from "./faults";
import type { Offered } from "./faults";
import { useFunctions } from "./live";
import { countdown } from "./words";
import styles from "./FaultSwitches.module.css";

/** Things that go wrong on purpose, to see them mended. */
export function FaultSwitches() {
  const faults = useFunctions().data?.functions.flatMap((one) => one.faults ?? []) ?? [];
  const offered = OFFERED.map((one) => ({ one, on: faultOf(one, faults) }));
  const known = new Set(offered.map(({ on }) => on));
  const strange = faults.filter((one) => !known.has(one));
  return (
    <fieldset className={styles.switches}>
      <legend className={styles.legend}>Let something go wrong; it ends by itself</legend>
      <div className={styles.grid}>
        {offered.map(({ one, on }) => (
          <Switch key={one.id} offered={one} on={on} faults={faults} />
        ))}
      </div>
      {strange.length > 0 && (
        <p className={styles.strange}>
          On by the command line: {strange.map((one) => `${one.function}: ${one.fault}`).join(", ")}
        </p>
      )}
    </fieldset>
  );
}

interface SwitchProps {
  offered: Offered;
  on: Fault | undefined;
  faults: readonly Fault[];
}

function Switch({ offered, on, faults }: SwitchProps) {
  const api = useApi();
  const queries = useQueryClient();
  const press = useMutation({
    mutationFn: () => (on ? switchOff(api, offered, faults) : switchOn(api, offered)),
    onSettled: () => queries.invalidateQueries({ queryKey: ["system", "functions"] }),
  });
  const left = on?.seconds_left ?? null;
  return (
    <button
      type="button"
      role="switch"
      aria-checked={on !== undefined}
      aria-describedby={`fault-${offered.id}`}
      className={styles.switch}
      aria-disabled={press.isPending || undefined}
      onClick={() => press.isPending || press.mutate()}
    >
      <span className={styles.track} aria-hidden="true" />
      <span className={styles.label}>{offered.label}</span>
      <span className={styles.what} id={`fault-${offered.id}`}>
        {on && (
          <b>
            On{left !== null && `, off in ${countdown(left)}`}; acted {on.acted} ×.{" "}
          </b>
        )}
        {press.error?.message ?? offered.what}
      </span>
    </button>
  );
}

async function switchOn(api: SystemApi, { wish }: Offered): Promise<void> {
  await api.post("faults", wish);
}

/** A function's faults are cleared together: its others are switched on again. */
async function switchOff(api: SystemApi, offered: Offered, faults: readonly Fault[]) {
  await api.post("faults/clear", { function: offered.wish.function });
  for (const other of othersOf(offered, faults)) await api.post("faults", other);
}
