import type { Row } from "./timeline";
import { counted, duration, oneLine } from "./words";

/** What a step is called: a request, an event, who was called, who was told. */
export function rowName(row: Row): string {
  const { step } = row;
  switch (step.kind) {
    case "request":
      return step.name.replace(/[0-9a-f]{32}/gu, (id) => `${id.slice(0, 8)}…`);
    case "event":
      return step.name;
    case "delivery":
      return step.of > 1 ? `${step.name}, attempt ${step.attempt} of ${step.of}` : step.name;
    case "notification":
      return `${step.database.replace(/s$/u, "")} told: ${step.name}`;
  }
}

/** When a step was and what its time went to, in numbers. */
export function rowNumbers(row: Row): string {
  const { step } = row;
  if (step.kind === "notification") return `at ${duration(row.from)}`;
  const parts = [`${duration(row.from)} to ${duration(row.to)}`];
  if (row.cold !== null) parts.push(`${duration(row.cold)} cold start`);
  if (step.kind === "event") {
    if (step.published === null && !step.parked) parts.push("waits for the relay");
    if (step.logged.length > 1) parts.push(`published ${step.logged.length} times`);
    return parts.join(", ");
  }
  if (step.told) parts.push(`${duration(step.told.function_ms)} in the function`);
  if (step.told && row.sql) parts.push(`${duration(step.told.sql_ms)} SQL in ${said(row)}`);
  return parts.join(", ");
}

/** What came of a step; '' where there is nothing to say. */
export function rowResult({ step }: Row): string {
  switch (step.kind) {
    case "request":
      return `${step.status ?? "no answer"} ${step.function}`;
    case "event":
      return step.parked ? `parked: ${step.parked}` : "";
    case "notification":
      return `round ${step.round}`;
    case "delivery": {
      const parts = [String(step.status ?? "no answer")];
      if (step.told?.duplicate) parts.push("duplicate");
      if (step.replay) parts.push("replayed");
      if (step.state !== "delivered" && step.state !== "failed") parts.push(step.state);
      if (step.reason) parts.push(oneLine(step.reason));
      return parts.join(", ");
    }
  }
}

function said(row: Row): string {
  return counted(row.sql?.statements ?? 0, "statement");
}
