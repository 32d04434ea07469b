import { useEffect, useRef } from "react";
import type { ReactNode } from "react";
import { Button } from "@/ui/Button";
import { Notice } from "@/ui/Notice";
import type { Problem } from "@/problem";
import { failureWords, sentence } from "@/words/problems";
import styles from "./FormShell.module.css";

interface FormShellProps {
  label: string;
  problem: Problem | null;
  busy: boolean;
  submitText: string;
  busyText: string;
  onSubmit: (data: FormData) => void;
  /** The form is being filled in: time to fetch what follows. */
  onBegin?: () => void;
  /** More buttons beside the one that submits. */
  more?: ReactNode;
  children: ReactNode;
}

/** A form: what is wrong on top, the fields, the button. Focus goes to the first wrong field. */
export function FormShell(props: FormShellProps) {
  const { label, problem, busy, submitText, busyText, onSubmit, onBegin, more, children } = props;
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (problem && problem.fields.length > 0) focusFirstWrong(form.current);
  }, [problem]);
  return (
    <form
      ref={form}
      noValidate
      aria-label={label}
      className={styles.form}
      onFocus={onBegin}
      onSubmit={(event) => {
        event.preventDefault();
        if (!busy) onSubmit(new FormData(event.currentTarget));
      }}
    >
      {problem && <Summary problem={problem} />}
      {children}
      <div className={styles.buttons}>
        <Button kind="primary" type="submit" busy={busy} busyText={busyText}>
          {submitText}
        </Button>
        {more}
      </div>
    </form>
  );
}

function Summary({ problem }: { problem: Problem }) {
  const { title, advice } = failureWords(problem);
  return (
    <Notice tone="error" title={title} role="alert">
      {problem.fields.length > 0 ? (
        <ul className={styles.wrong}>
          {problem.fields.map(({ field, what }) => (
            <li key={field + what}>
              {field ? <a href={`#field-${field}`}>{sentence(what)}</a> : sentence(what)}
            </li>
          ))}
        </ul>
      ) : (
        advice && <p>{advice}</p>
      )}
      {problem.traceId && <p className={styles.trace}>Request {problem.traceId}</p>}
    </Notice>
  );
}

function focusFirstWrong(form: HTMLFormElement | null): void {
  const wrong = form?.querySelector<HTMLElement>("[aria-invalid='true'], [data-wrong]");
  const folded = wrong?.closest("details");
  if (folded) folded.open = true;
  wrong?.focus();
}

/** The words at one field, all of them in one sentence each. */
export function wrongAt(problem: Problem | null, field: string): string | undefined {
  const found = problem?.fields.filter((one) => one.field === field) ?? [];
  return found.map(({ what }) => sentence(what)).join(". ") || undefined;
}
