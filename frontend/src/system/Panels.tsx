import { useCallback, useState } from "react";
import dynamic from "next/dynamic";
import { Skeleton } from "@/ui/Skeleton";
import { useApi } from "./api";
import { Breath } from "./Breath";
import { Board } from "./Board";
import styles from "./Panels.module.css";

const loading = () => <Skeleton label="Loading" />;
const Controls = dynamic(() => import("./Controls").then((part) => part.Controls), {
  ssr: false,
  loading,
});
const OneRequest = dynamic(() => import("./OneRequest").then((part) => part.OneRequest), {
  ssr: false,
  loading,
});
const FlowPanel = dynamic(() => import("./FlowPanel").then((part) => part.FlowPanel), {
  ssr: false,
  loading,
});
const Events = dynamic(() => import("./Events").then((part) => part.Events), {
  ssr: false,
  loading,
});
const Letters = dynamic(() => import("./Letters").then((part) => part.Letters), {
  ssr: false,
  loading,
});

/** The parts of the page that this installation has. */
export function Panels() {
  const { can } = useApi();
  const [chosen, setChosen] = useState("last");
  const show = useCallback((id: string) => {
    setChosen(id);
    document.getElementById("one-request")?.scrollIntoView({ block: "start" });
  }, []);
  return (
    <div className={styles.panels}>
      <Breath />
      {["burst", "faults", "zero"].some((what) => can(what as "burst")) && (
        <Controls onRegistered={setChosen} />
      )}
      <Board />
      {can("traces") && (
        <section id="one-request" className={styles.anchor}>
          <OneRequest id={chosen} onChoose={setChosen} />
        </section>
      )}
      {can("flow") && <FlowPanel />}
      {can("events") && <Events onTrace={show} />}
      {can("letters") && <Letters onTrace={show} />}
    </div>
  );
}
