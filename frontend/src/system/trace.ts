import type { Told } from "./documents";

interface Common {
  name: string;
  /** Milliseconds since 1970. */
  at: number;
  /** Milliseconds since the trace began. */
  offset_ms: number;
  ms: number | null;
  children: Step[];
}

export interface RequestStep extends Common {
  kind: "request";
  status: number | null;
  function: string;
  cold_start_ms: number | null;
  began_ms: number | null;
  resource: string | null;
  told: Told | null;
}

export interface EventStep extends Common {
  kind: "event";
  event_id: string;
  key: string | null;
  database: string | null;
  created: number | null;
  published: number | null;
  logged: number[];
  parked: string | null;
}

export interface DeliveryStep extends Common {
  kind: "delivery";
  event_id: string;
  source: string;
  function: string;
  attempt: number;
  of: number;
  status: number | null;
  state: string;
  cold_start_ms: number | null;
  reason: string | null;
  replay: string | null;
  told: Told | null;
}

export interface NotificationStep extends Common {
  kind: "notification";
  recipient_id: string;
  round: number;
  database: string;
}

/** One step of a trace and what came of it. */
export type Step = RequestStep | EventStep | DeliveryStep | NotificationStep;

export interface Trace {
  trace_id: string;
  at: number;
  ms: number;
  steps: Step[];
}
