import { useState, useSyncExternalStore } from "react";
import { Button } from "@/ui/Button";
import { Card } from "@/ui/Card";
import { Said } from "@/ui/Said";
import { addressOf } from "./pages";
import type { KnownPage } from "./pages";
import styles from "./KeyLink.module.css";

const never = () => () => {};

/** The page's link, to be kept: it is the only key. */
export function KeyLink({ kind, id }: Pick<KnownPage, "kind" | "id">) {
  const origin = useSyncExternalStore(
    never,
    () => location.origin,
    () => "",
  );
  const [copied, setCopied] = useState(false);
  const link = origin + addressOf({ kind, id });

  async function copy(): Promise<void> {
    const field = document.getElementById("page-link");
    if (field instanceof HTMLInputElement) field.select();
    try {
      await navigator.clipboard.writeText(link);
      setCopied(true);
    } catch {
      // it is selected: the keyboard's copy does it
    }
  }

  return (
    <Card title="Your link">
      <p>
        This link is the key to this page: there is no account yet. Keep it, and share it only with
        people you trust.
      </p>
      <div className={styles.row}>
        <input
          id="page-link"
          className={styles.link}
          readOnly
          value={link}
          aria-label="Link to this page"
          onFocus={(event) => event.currentTarget.select()}
        />
        <Button onClick={() => void copy()}>Copy link</Button>
      </div>
      <Said>{copied ? "Copied" : ""}</Said>
    </Card>
  );
}
