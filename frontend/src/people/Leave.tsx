import { useRef } from "react";
import { Button } from "@/ui/Button";
import { Notice } from "@/ui/Notice";
import { failureWords } from "@/words/problems";
import { useSubmit } from "./useSubmit";
import styles from "./Leave.module.css";

interface LeaveProps {
  button: string;
  title: string;
  children: string;
  confirm: string;
  /** Does it; then leads elsewhere. */
  leave: (key: string) => Promise<unknown>;
  left: () => void;
}

/** A step that cannot be taken back: asks first. */
export function Leave({ button, title, children, confirm, leave, left }: LeaveProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const { busy, problem, submit, clear } = useSubmit();

  async function go(): Promise<void> {
    if (!(await submit({}, null, leave))) return;
    dialog.current?.close();
    left();
  }

  return (
    <>
      <Button kind="danger" onClick={() => dialog.current?.showModal()}>
        {button}
      </Button>
      <dialog ref={dialog} className={styles.dialog} aria-labelledby="leave-title" onClose={clear}>
        <div className={styles.content}>
          <h2 id="leave-title">{title}</h2>
          <p>{children}</p>
          {problem && (
            <Notice tone="error" role="alert" title={failureWords(problem).title}>
              {failureWords(problem).advice}
            </Notice>
          )}
          <div className={styles.buttons}>
            <Button kind="danger" busy={busy} busyText="One moment…" onClick={() => void go()}>
              {confirm}
            </Button>
            <Button onClick={() => dialog.current?.close()}>Stay</Button>
          </div>
        </div>
      </dialog>
    </>
  );
}
