/** What the system says of itself: the JSON of the control API, the same that `learnflow` prints. */

export interface Instance {
  pid: number;
  in_flight: number;
  ready: boolean;
  draining: boolean;
  start_ms: number | null;
  age_s: number;
}

export type FaultKind = "slow" | "fail" | "duplicate" | "drop";

export interface Fault {
  function: string;
  kind: FaultKind;
  fault: string;
  rate: number;
  count_left: number | null;
  seconds_left: number | null;
  acted: number;
}

export interface FunctionState {
  function: string;
  requests: number;
  waiting: number;
  starting: number;
  panics: boolean;
  cold_starts: number;
  starts: number;
  instances: Instance[];
  faults?: Fault[];
  /** When it last began from nothing; null when it never did since LearnFlow started. */
  last_cold_start?: { at: number; ms: number } | null;
  /** `idle_to_zero`: the seconds without a request after which the last instance goes. */
  scale?: { min: number; max: number; idle_to_zero?: number | null };
  /** Until the last instance goes if nothing is asked; null while it works or when one stays. */
  seconds_to_zero?: number | null;
}

export interface SourceState {
  source: string;
  function: string;
  lag: number | null;
  in_flight: number;
  waiting_for_retry: number;
  delivered: number;
  dead: number;
}

export interface Functions {
  functions: FunctionState[];
  sources?: SourceState[];
}

export interface Told {
  function_ms: number;
  sql_ms: number;
  statements: number;
  duplicate: boolean;
}

export interface Attempt {
  status: number | null;
  ms: number;
  cold_start_ms: number | null;
  reason: string | null;
  at: number;
  told: Told | null;
}

/** One event's way through one source, with every attempt. */
export interface Trail {
  event_id: string;
  source: string;
  function: string;
  recognised: string;
  state: string;
  note: string | null;
  replay: string | null;
  attempts: Attempt[];
  duplicate: boolean;
}

export interface Shown {
  topic: string;
  partition: number;
  offset: number;
  key: string | null;
  timestamp: number;
  event_id: string | null;
  type: string | null;
  trace_id: string | null;
  value: unknown;
}

export interface Listed extends Shown {
  position: number;
  deliveries: Trail[];
}

export interface WholeEvent {
  records: Shown[];
  recognition: {
    source: string;
    function: string;
    mode: string;
    reason: string | null;
    type: string;
  }[];
  deliveries: Trail[];
}

/** One attempt as it ends, from the live list. */
export interface Delivery {
  at: number;
  event_id: string;
  topic: string;
  key: string | null;
  source: string;
  function: string;
  state: string;
  replay: string | null;
  trace_id: string | null;
  number: number;
  attempt: Attempt | null;
  duplicate: boolean;
}

/** One line of the live list. */
export interface News {
  event?: Shown;
  delivery?: Delivery;
  missed?: number;
}

export interface Letter {
  /** Its place: `offset` or `partition:offset`. */
  offset: string;
  at: number;
  event_id: string | null;
  type: string | null;
  source: string | null;
  status?: number | null;
  reason?: string | null;
  /** Why it cannot be read, where it cannot. */
  error?: string;
  settled: { state: string; reason: string; at: number } | null;
}

export interface Burst {
  accepted: number;
  refused: number;
  student_ids: string[];
  /** How many example tutors were registered first, because none was free. */
  tutors?: number;
}
