// Drawn by docs/generate.py from callcenter/push/messages.py.

/** What the operator does while the caller hears music: what Asterisk did, not what was asked. */
export interface AsideMessage {
  call: string;
  phase: AsidePhase;
  /** Who is asked: a telephone's account or a number; empty for nobody. */
  whom: string;
  /** Why it is over, when whoever was called did not answer: `BUSY`, `NOANSWER`, `CHANUNAVAIL` or `CONGESTION`. */
  why: string;
  since: string;
}

/** What an operator does without the caller, who hears music. */
export type AsidePhase = "held" | "ringing" | "asking" | "conference" | "over";

/** The outage that a caller is in. */
export interface CallOutage {
  id: number;
  /** What is off, as a code; null when it is only suspected. */
  kind: string | null;
  /** When it is expected to end. */
  until: string | null;
  /** How many have called about it. */
  calls: number;
  /** The ticket that the caller's flat has in it. */
  ticket: TicketKey | null;
}

/** An earlier call from the same number. */
export interface CallRow {
  at: string;
  /** What became of it, or where it still is. */
  outcome: Outcome | CallState;
  /** A name, empty when nobody answered. */
  operator: string;
}

/** Where a call is. */
export type CallState = "arrived" | "waiting" | "talking" | "leaving" | "ended";

/** The card of a caller. It stays after the talk, until the next one. */
export interface CardMessage {
  call: string;
  /** E.164, empty when withheld. */
  caller: string;
  /** The number dialled, in digits. */
  did: string;
  /** Null for a number of no company. */
  company_id: number | null;
  company: string;
  house_id: number | null;
  /** Empty for a number that is not in the directory; then `address` and `flat` are those of its last ticket, if any. */
  resident: string;
  address: string;
  flat: string;
  /** Further residents on the same number. */
  others: number;
  open_tickets: TicketRow[];
  past_calls: CallRow[];
  /** Null when none could be opened. */
  ticket: TicketKey | null;
  outage: CallOutage | null;
  /** Null for a call that came to the operator past every queue. */
  queue: string | null;
  handed: HandedRow | null;
  /** How the operator came to the call. `transfer`: a colleague sent the caller on; `consultation`: a colleague asks about this caller, and the card comes again as a `transfer` when the caller is handed over. */
  kind: TalkKind;
  /** Of this operator's talk, as is `talk_ended_at`. */
  answered_at: string;
  talk_ended_at: string | null;
}

/** One limit of a ticket. */
export interface DeadlineRow {
  /** The ticket's id. */
  ticket: number;
  number: number;
  step: LimitStep;
  due_at: string;
  late: boolean;
  company: string;
  /** Empty for a ticket without a house. */
  house: string;
}

/** What must be done soon, or should have been. */
export interface DeadlinesMessage {
  /** Open tickets past a limit. */
  late: number;
  /** Open tickets of which a limit is near. */
  due_soon: number;
  /** The most urgent limits. */
  next: DeadlineRow[];
}

/** What was asked cannot be done. For programmers, in English; the socket stays open. */
export interface ErrorMessage {
  type: "error";
  message: string;
}

/** The calls by which an outage was suspected. */
export interface Evidence {
  calls: number;
  flats: number;
  /** From the first of the calls to the last. */
  seconds: number;
  /** How many flats usually call in that time. */
  usual: number;
}

/** A colleague handed the caller on, or asks about it. */
export interface HandedRow {
  /** The colleague's id. */
  by: number;
  /** What the colleague wrote; may be empty. */
  note: string;
}

/** The first message. */
export interface Hello {
  type: "hello";
  /** The highest `n` seen since the last snapshot, or null for a new page. */
  last: number | null;
}

/** The list of calls changed; fetch `/calls/list` again. */
export interface JournalMessage {
  at: string;
}

/** What must have happened when the limit ends. */
export type LimitStep = "tell" | "localise" | "clear" | "repair";

/** What one of the operators is doing. */
export interface OperatorMessage {
  state: OperatorStatus;
  phone_reachable: boolean;
  since: string;
  /** Why the operator takes no calls, or takes them, without having asked for it; null in a call. */
  reason: PresenceReason | null;
  /** The code of the reason that the operator gave for a pause, also for one after the call; its name is in the page. */
  pause: string | null;
  /** When a wrap-up is over. */
  until: string | null;
  /** In a call: what the operator is to be after it, other than available. */
  afterwards: Presence | null;
  name: string;
  login: string;
}

/** What the screens show of an operator: what the telephone is doing, or at rest what the operator wants to be. */
export type OperatorStatus = "offline" | "paused" | "available" | "ringing" | "talking" | "wrap_up";

/** The figures of the outages, of those that have callers. */
export interface OutageFiguresMessage {
  figures: OutageFiguresRow[];
}

/** How many callers an outage has. */
export interface OutageFiguresRow {
  id: number;
  calls: number;
  /** Are being told of it now. */
  hearing: number;
  /** Heard it to the end, with the number of their ticket. */
  helped: number;
  /** Wait for an operator all the same. */
  waiting: number;
  /** Of flats. */
  tickets: number;
}

/** An outage that is not over. */
export interface OutageRow {
  id: number;
  state: OutageState;
  /** What is off, as a code; null while nobody has said it. */
  kind: string | null;
  company_id: number;
  company: string;
  zone: string;
  /** The first three; empty when no house is known. */
  addresses: string[];
  more_houses: number;
  since: string;
  /** When it is expected to end. */
  until: string | null;
  evidence: Evidence | null;
  /** The voice failed: callers hear what was said before, or are not told. */
  unspoken: boolean;
}

/** Where an outage is. */
export type OutageState = "suspected" | "confirmed" | "repairing" | "restored" | "checked" | "closed" | "cancelled";

/** The outages that are suspected, and those that are not over, from the newest. */
export interface OutagesMessage {
  outages: OutageRow[];
  /** How many there are besides. */
  not_shown: number;
}

/** What became of a call: exactly one, once it has ended. */
export type Outcome = "answered" | "informed" | "abandoned" | "hung_up_early" | "timed_out" | "no_such_number" | "not_reached" | "interrupted";

/** Whether a talk's recording is paused: what Asterisk did, not what was asked. */
export interface PauseMessage {
  call: string;
  paused_since: string | null;
}

/** Pause the recording of the talk that the operator is in, or let it go on; silence stands in the file meanwhile. A `recording` delta says that it was done. */
export interface PauseRequest {
  type: "recording";
  paused: boolean;
}

/** What an operator wants to be. */
export type Presence = "available" | "paused" | "offline";

/** What the operator is doing. */
export interface PresenceMessage {
  state: OperatorStatus;
  phone_reachable: boolean;
  since: string;
  /** Why the operator takes no calls, or takes them, without having asked for it; null in a call. */
  reason: PresenceReason | null;
  /** The code of the reason that the operator gave for a pause, also for one after the call; its name is in the page. */
  pause: string | null;
  /** When a wrap-up is over. */
  until: string | null;
  /** In a call: what the operator is to be after it, other than available. */
  afterwards: Presence | null;
}

/** Why an operator has a presence that they did not ask for. */
export type PresenceReason = "unanswered" | "page_gone" | "supervisor" | "no_connection";

/** What an operator wants to be; what the operator is from then on a `presence` delta says. Only for somebody with a telephone. */
export interface PresenceRequest {
  type: "presence";
  wanted: Presence;
  /** Another operator's id, for those who see the board. */
  operator: number | null;
  /** Why one's own pause, by the code of the reason. */
  pause: string | null;
}

/** One queue in which somebody waits or talks. */
export interface QueueRow {
  waiting: number;
  talking: number;
  /** When the first of those waiting joined. */
  oldest: string | null;
}

/** How long the queues are. A delta has those that changed and leaves the others as they are. */
export interface QueuesMessage {
  /** By the number dialled, in digits. In a delta null: nobody waits or talks there any more; a snapshot has none of those. */
  queues: Record<string, QueueRow | null>;
}

/** Why a request was not done. */
export type RefusalReason = "no_telephone" | "no_talk" | "no_wrap_up" | "superseded" | "asterisk_away" | "asterisk_refused" | "not_known" | "nobody_there" | "not_this_call" | "not_understood";

/** What became last of a request of this kind, for whoever asked. */
export interface RequestMessage {
  id: number;
  state: RequestState;
  asked_at: string;
  reason: RefusalReason | null;
}

/** The progress of a request. */
export type RequestState = "asked" | "taken" | "done" | "refused" | "expired";

/** Let the operator's telephone of its own, which rings, answer, or give the caller to another operator. Not every telephone obeys: that it did, a `card` or the end of `ringing` says. */
export interface RingRequest {
  type: "ring";
  answer: boolean;
}

/** The operator's telephone rings. */
export interface RingingMessage {
  call: string;
  queue: string | null;
  /** E.164, empty when withheld. */
  caller: string;
  /** Who and where, as `CardMessage` has it. */
  resident: string;
  address: string;
  flat: string;
  since: string;
  outage: CallOutage | null;
  handed: HandedRow | null;
}

/** What is not safe of the recordings of the last day. */
export interface SafetyMessage {
  /** Talks without a recording that was read back in time. */
  late: number;
  /** Talks without any. */
  missing: number;
  /** Of all recordings those that are not what was stored. */
  altered: number;
  /** The nodes whose disk is filling. */
  disks: string[];
}

/** Nothing rings (any more). */
export interface SilentMessage {
}

/** How an operator came to it. */
export type TalkKind = "queue" | "transfer" | "consultation" | "out";

/** Do something with the caller of the operator's talk; an `aside` delta says how far it is. */
export interface TalkRequest {
  type: "talk";
  step: TalkStep;
  /** Whom to call: a telephone's account, a number outside or, of a transfer, a company's; empty: any colleague who is free. */
  to: string;
  /** For the colleague to read while it rings. */
  note: string;
}

/** What an operator does with the caller of a talk. */
export type TalkStep = "hold" | "consult" | "back" | "complete" | "conference" | "transfer" | "hang_up";

/** In which session the operator's telephone in the browser is open; any other has lost it. */
export interface TelephoneMessage {
  /** What the session was told when it opened the telephone. */
  mark: string;
}

/** Where a ticket is found, and what it is called. */
export interface TicketKey {
  id: number;
  number: number;
}

/** A ticket of this flat or this caller that is not closed yet. */
export interface TicketRow {
  number: number;
  subject: string;
  opened_at: string;
}

/** No caller waits for the operator. */
export interface TogetherMessage {
}

/** Which trunks do not work: not registered, or without an answer. */
export interface TrunksMessage {
  /** Their names. */
  down: string[];
}

/** More time for the wrap-up, as much again; `presence` ends it. */
export interface WrapUpRequest {
  type: "wrap_up";
}

export interface State {
  queues?: QueuesMessage;
  outages?: OutagesMessage;
  outage_figures?: OutageFiguresMessage;
  presence?: PresenceMessage;
  ringing?: RingingMessage | SilentMessage;
  recording?: PauseMessage;
  aside?: AsideMessage | TogetherMessage;
  telephone?: TelephoneMessage;
  card?: CardMessage;
  "request/presence"?: RequestMessage;
  "request/pause"?: RequestMessage;
  "request/wrap_up"?: RequestMessage;
  "request/ring"?: RequestMessage;
  "request/talk"?: RequestMessage;
  "request/call_out"?: RequestMessage;
  recordings?: SafetyMessage;
  trunks?: TrunksMessage;
  deadlines?: DeadlinesMessage;
  journal?: JournalMessage;
  [operator: `operator/${number}`]: OperatorMessage | undefined;
}

/** Everything the audiences of one screen see when all deltas up to number `n` are applied. */
export interface Snapshot {
  type: "snapshot";
  n: number;
  state: State;
}

/** The screen was up to date at `n`; all that it missed since follows. */
export interface Resumed {
  type: "resumed";
  n: number;
}

/** From number `n` on, `kind` shows `body`. */
export interface QueuesDelta {
  type: "delta";
  n: number;
  kind: "queues";
  body: QueuesMessage;
}

/** From number `n` on, `kind` shows `body`. */
export interface OutagesDelta {
  type: "delta";
  n: number;
  kind: "outages";
  body: OutagesMessage;
}

/** From number `n` on, `kind` shows `body`. */
export interface Outage_figuresDelta {
  type: "delta";
  n: number;
  kind: "outage_figures";
  body: OutageFiguresMessage;
}

/** From number `n` on, `kind` shows `body`. */
export interface PresenceDelta {
  type: "delta";
  n: number;
  kind: "presence";
  body: PresenceMessage;
}

/** From number `n` on, `kind` shows `body`. */
export interface RingingDelta {
  type: "delta";
  n: number;
  kind: "ringing";
  body: RingingMessage | SilentMessage;
}

/** From number `n` on, `kind` shows `body`. */
export interface RecordingDelta {
  type: "delta";
  n: number;
  kind: "recording";
  body: PauseMessage;
}

/** From number `n` on, `kind` shows `body`. */
export interface AsideDelta {
  type: "delta";
  n: number;
  kind: "aside";
  body: AsideMessage | TogetherMessage;
}

/** From number `n` on, `kind` shows `body`. */
export interface TelephoneDelta {
  type: "delta";
  n: number;
  kind: "telephone";
  body: TelephoneMessage;
}

/** From number `n` on, `kind` shows `body`. */
export interface CardDelta {
  type: "delta";
  n: number;
  kind: "card";
  body: CardMessage;
}

/** From number `n` on, `kind` shows `body`. */
export interface RequestPresenceDelta {
  type: "delta";
  n: number;
  kind: "request/presence";
  body: RequestMessage;
}

/** From number `n` on, `kind` shows `body`. */
export interface RequestPauseDelta {
  type: "delta";
  n: number;
  kind: "request/pause";
  body: RequestMessage;
}

/** From number `n` on, `kind` shows `body`. */
export interface RequestWrap_upDelta {
  type: "delta";
  n: number;
  kind: "request/wrap_up";
  body: RequestMessage;
}

/** From number `n` on, `kind` shows `body`. */
export interface RequestRingDelta {
  type: "delta";
  n: number;
  kind: "request/ring";
  body: RequestMessage;
}

/** From number `n` on, `kind` shows `body`. */
export interface RequestTalkDelta {
  type: "delta";
  n: number;
  kind: "request/talk";
  body: RequestMessage;
}

/** From number `n` on, `kind` shows `body`. */
export interface RequestCall_outDelta {
  type: "delta";
  n: number;
  kind: "request/call_out";
  body: RequestMessage;
}

/** From number `n` on, `kind` shows `body`. */
export interface OperatorDelta {
  type: "delta";
  n: number;
  kind: `operator/${number}`;
  body: OperatorMessage;
}

/** From number `n` on, `kind` shows `body`. */
export interface RecordingsDelta {
  type: "delta";
  n: number;
  kind: "recordings";
  body: SafetyMessage;
}

/** From number `n` on, `kind` shows `body`. */
export interface TrunksDelta {
  type: "delta";
  n: number;
  kind: "trunks";
  body: TrunksMessage;
}

/** From number `n` on, `kind` shows `body`. */
export interface DeadlinesDelta {
  type: "delta";
  n: number;
  kind: "deadlines";
  body: DeadlinesMessage;
}

/** From number `n` on, `kind` shows `body`. */
export interface JournalDelta {
  type: "delta";
  n: number;
  kind: "journal";
  body: JournalMessage;
}

export type Delta = QueuesDelta | OutagesDelta | Outage_figuresDelta | PresenceDelta | RingingDelta | RecordingDelta | AsideDelta | TelephoneDelta | CardDelta | RequestPresenceDelta | RequestPauseDelta | RequestWrap_upDelta | RequestRingDelta | RequestTalkDelta | RequestCall_outDelta | OperatorDelta | RecordingsDelta | TrunksDelta | DeadlinesDelta | JournalDelta;

export type FromService = Snapshot | Resumed | Delta | ErrorMessage;

export type FromBrowser = Hello | PresenceRequest | WrapUpRequest | PauseRequest | RingRequest | TalkRequest;
