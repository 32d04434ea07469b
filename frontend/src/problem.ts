/** One rule that an input broke: which field, and what is wrong in the server's own words. */
export interface FieldProblem {
  /** The field's name; '' when it is about the whole form. */
  field: string;
  what: string;
}

/** A refusal (RFC 9457), or that nobody answered (status 0). */
export class Problem extends Error {
  override name = "Problem";

  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    readonly fields: readonly FieldProblem[] = [],
    readonly traceId?: string,
  ) {
    super(detail || title);
  }

  /** Whether waiting may help: nobody answered, or a server that is away for now. */
  get passes(): boolean {
    return this.status === 0 || this.status === 408 || this.status >= 500;
  }
}

/** That nobody answered at all. */
export function unreachable(): Problem {
  return new Problem(0, "No answer", "LearnFlow could not be reached.");
}

/** The problem that an answer's body describes; anything may be in the body. */
export function problemOf(status: number, body: unknown): Problem {
  const told = isRecord(body) ? body : {};
  const errors = Array.isArray(told.errors) ? told.errors : [];
  return new Problem(
    status,
    text(told.title) ?? `Answered ${status}`,
    text(told.detail) ?? "",
    errors.flatMap(fieldProblem),
    text(told.trace_id),
  );
}

/** `/times/3` is about the field `times`; a rule about more than one names the first in its words. */
function fieldProblem(error: unknown): FieldProblem[] {
  if (!isRecord(error) || typeof error.what !== "string") return [];
  const place = text(error.where)?.split("/")[1];
  const named = /^[a-z]+_[a-z_]+(?= )/u.exec(error.what)?.[0];
  return [{ field: place || named || "", what: error.what }];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
