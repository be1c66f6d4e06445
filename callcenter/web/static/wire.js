// The socket: a snapshot, then deltas; reconnects by itself and requests what it missed.
// docs/protocol.md is the contract.

import { sessionEnded } from "./session.js";

/** @import { FromBrowser, FromService, QueuesMessage, State } from "types/protocol" */

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 15000;
// The server pings every 20 s, unseen by scripts; this only bounds a socket that never opens.
const OPEN_WITHIN_MS = 10000;
const SESSION_ENDED = 4401;
// A network that is gone leaves a socket open for minutes.
const LOOK_EVERY_MS = 15000;
const ANSWER_WITHIN_MS = 5000;

export class Wire {
  /**
   * `changed(kind)` after every change (null: everything), `connected(bool)`, `refused(message)`, `entered()` when the
   * session had ended and the person has logged in again.
   *
   * @param {{
   *   changed: (kind: keyof State | null) => void, connected: (is: boolean) => void, refused: (message: string) => void,
   *   entered?: () => void,
   * }} handlers
   */
  constructor({ changed, connected, refused, entered = () => {} }) {
    /** @type {State} */
    this.state = {};
    /** @type {number | null} */
    this.last = null;
    this.delay = FIRST_DELAY_MS;
    this.handlers = { changed, connected, refused, entered };
    this.ended = false;
    /** @type {number | null} */
    this.timer = null;
    addEventListener("online", () => this.renew());
    setInterval(() => void this.look(), LOOK_EVERY_MS);
    document.addEventListener("visibilitychange", () => document.hidden || this.retryNow());
    this.open();
  }

  open() {
    this.timer = null;
    const address = new URL("/ws", location.href);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(address);
    this.socket = socket;
    const impatience = setTimeout(() => socket.close(), OPEN_WITHIN_MS);
    socket.onopen = () => {
      clearTimeout(impatience);
      this.say({ type: "hello", last: this.last });
    };
    socket.onmessage = (event) => this.hear(JSON.parse(event.data));
    socket.onclose = (event) => {
      clearTimeout(impatience);
      this.handlers.connected(false);
      if (event.code === SESSION_ENDED) void this.enter();
      else this.later();
    };
  }

  /** The network may be another one, which nothing says: make the connection anew. */
  renew() {
    if (this.ended || this.socket?.readyState === WebSocket.CONNECTING) return;
    this.drop();
    this.open();
  }

  drop() {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    if (this.socket) this.socket.onclose = this.socket.onmessage = null;
    this.socket?.close();
  }

  async enter() {
    if (this.ended) return;
    this.ended = true;
    this.drop();
    await sessionEnded();
    this.ended = false;
    this.open();
    this.handlers.entered();
  }

  async look() {
    if (this.ended || this.socket?.readyState !== WebSocket.OPEN) return;
    try {
      const answer = await fetch("/session", { cache: "no-store", signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
      if (answer.status === 401) await this.enter();
    } catch {
      this.renew();
    }
  }

  /** @param {FromService} message */
  hear(message) {
    if (message.type === "snapshot") {
      this.state = message.state;
      this.last = message.n;
      this.live();
      this.handlers.changed(null);
    } else if (message.type === "resumed") {
      this.live();
    } else if (message.type === "delta" && message.n > (this.last ?? 0)) {
      if (message.kind === "queues") this.state.queues = merged(this.state.queues, message.body);
      else Object.assign(this.state, { [message.kind]: message.body });
      this.last = message.n;
      this.handlers.changed(message.kind);
    } else if (message.type === "error") {
      this.handlers.refused(message.message);
    }
  }

  live() {
    this.delay = FIRST_DELAY_MS;
    this.handlers.connected(true);
  }

  // A refused socket gives no reason: the session may have ended meanwhile.
  async later() {
    const wait = this.delay * (0.5 + Math.random());
    this.delay = Math.min(this.delay * 2, LONGEST_DELAY_MS);
    this.timer = setTimeout(() => this.open(), wait);
    try {
      const answer = await fetch("/session", { cache: "no-store" });
      if (answer.status === 401) await this.enter();
    } catch {
      // No network: the timer continues.
    }
  }

  retryNow() {
    if (this.timer === null) return;
    clearTimeout(this.timer);
    this.open();
  }

  /**
   * Whether the message could be handed to the socket.
   *
   * @param {FromBrowser} message
   */
  say(message) {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }
}

/**
 * All queues after a delta, which has only those that changed; null is one that nobody waits or talks in any more.
 *
 * @param {QueuesMessage | undefined} shown
 * @param {QueuesMessage} delta
 * @returns {QueuesMessage}
 */
function merged(shown, delta) {
  const queues = { ...shown?.queues, ...delta.queues };
  return { queues: Object.fromEntries(Object.entries(queues).filter(([, row]) => row !== null)) };
}
