import type { TicketKey, CallRow } from "types/protocol";

/** What the server writes into the pages of calls for their scripts: callcenter/calls/templates. */
export interface Place {
  zone: string;
  /** By the number dialled. */
  lines: Record<string, Line | undefined>;
  /** What can be off. */
  kinds?: { code: string; name: string }[];
  /** What a pause can be for. */
  pauses?: { code: string; name: string; active: boolean }[];
  /** On the board: the operators. */
  people?: { id: number; login: string; name: string; has_phone: boolean }[];
  /** On the workplace: whether this login has a telephone, whether it may file tickets, and what it has typed and not saved. */
  has_phone?: boolean;
  files?: boolean;
  /** Names by id. */
  colleagues?: Record<number, string | undefined>;
  drafts?: TicketKey[];
}

export interface Line {
  company_id: number;
  company: string;
  zone: string;
}

/** What a ticket's two fields are filled with: docs/protocol.md, "Filing the ticket". */
export interface Filed {
  version: number;
  category_id: number | null;
  subject: string;
  read_out: string;
  language: string;
}

/** The answer to a request for a filing; with `categories` and so on when it is read first, with `problems` when it is refused. */
export interface FilingAnswer extends Filed {
  categories: { id: number; name: string }[];
  told: boolean;
  draft: { category_id: number | null; subject: string } | null;
  problems: Record<string, string>;
}

export type NoTicketReason = "wrong_number" | "silence" | "answered" | "advertising" | "other_company";

/** Who calls: a resident, a flat, somebody new of it (`name`), or a house. */
export interface CallerChoice {
  resident_id?: number;
  premises_id?: number;
  house_id?: number;
  name?: string;
}

/** An open ticket of the flat, of the house or of the caller. */
export interface OpenTicket {
  id: number;
  number: number;
  subject: string;
  category_id: number | null;
  category: string;
  opened_at: string;
  state: string;
  flat: string;
  place: "flat" | "house" | "caller";
}

/** The rest of the card: docs/protocol.md. */
export interface CardDetails {
  resident_id: number | null;
  resident: string;
  premises_id: number | null;
  house_id: number | null;
  address: string;
  flat: string;
  entrance: number | null;
  note: string;
  house_notes: string;
  no_ticket: NoTicketReason | null;
  /** Whether an operator said so. */
  settled: boolean;
  candidates: { id: number; name: string; address: string; flat: string }[];
  tickets: TicketKey[];
  open_tickets: OpenTicket[];
  past_calls: (CallRow & { id: string; recordings: number[] })[];
}

/** What is found of an address or a name. */
export interface Lookup {
  houses: { house_id: number; address: string }[];
  people: { resident_id: number | null; name: string; premises_id: number; flat: string; house_id: number; address: string }[];
  more: boolean;
}
