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
  /** On the workplace: whether this login has a telephone, and whether it may file tickets. */
  has_phone?: boolean;
  files?: boolean;
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

/** The answer to a request for a filing; with `categories` when it is read first, with `problems` when it is refused. */
export interface FilingAnswer extends Filed {
  categories: { id: number; name: string }[];
  problems: Record<string, string>;
}
