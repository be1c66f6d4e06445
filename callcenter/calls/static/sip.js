// The telephone's line to Asterisk: SIP over a WebSocket, sound by WebRTC. Says what happened to `report`.

import JsSIP from "/static/calls/jssip.js";

/** @import { UA } from "jssip" */
/** @import { RTCSession } from "jssip/lib/RTCSession" */
/** @import { IncomingRequest, OutgoingRequest } from "jssip/lib/SIPMessage" */
/** @import { Happened } from "./telephone.js" */

/** @typedef {{ account: string, secret: string, address: string, ice_servers: RTCIceServer[] }} Account */

// Only the part before the @ counts for Asterisk.
const HOST = "callcenter.invalid";
// An address for examples (RFC 5737): Asterisk calls where the WebSocket came from, whatever is written here, and a name
// would be looked up.
const NOWHERE = "192.0.2.1";
const REGISTERED_S = 120;
const RECONNECT_S = { min: 1, max: 5 };
// Asterisk learns by itself from where the sound comes; a server that gathers addresses slowly must not delay an answer.
const GATHER_MS = 200;
const BUSY = 486;
const AGAIN_MS = 3000;
const REFUSED_WITHIN_MS = 1000;
// The words with which the library ends a talk then.
const RENEGOTIATION_FAILED = "Media Renegotiation Failed";

/**
 * JsSIP hangs up when a change within a talk is refused or not answered; the caller would be gone.
 *
 * @param {RTCSession} session
 */
function outliveRenegotiation(session) {
  const terminate = session.terminate.bind(session);
  session.terminate = (options) => {
    if (options?.reason_phrase !== RENEGOTIATION_FAILED) terminate(options);
  };
}

export class Sip {
  /** @param {(event: Happened) => void} report */
  constructor(report) {
    this.report = report;
    /** @type {UA | null} */
    this.agent = null;
    /** @type {RTCSession | null} */
    this.session = null;
    /** @type {RTCIceServer[]} */
    this.iceServers = [];
    /** Plays what the other side says. */
    this.sound = new Audio();
    this.sound.autoplay = true;
    /** Whether the browser may have another way to Asterisk than when the talk began. */
    this.moved = false;
    addEventListener("online", () => this.restartIce());
  }

  // From Wi-Fi to mobile: the talk goes on over another address, which Asterisk must learn.
  restartIce() {
    this.moved = true;
    if (!this.agent?.isRegistered() || !this.session?.isEstablished()) return;
    if (this.session.renegotiate({ rtcOfferConstraints: { iceRestart: true } })) this.moved = false;
  }

  /** @param {Account} account */
  open({ account, secret, address, ice_servers: iceServers }) {
    this.close();
    this.iceServers = iceServers;
    const agent = new JsSIP.UA({
      sockets: new JsSIP.WebSocketInterface(address),
      uri: `sip:${account}@${HOST}`,
      contact_uri: `sip:${account}@${NOWHERE};transport=ws`,
      password: secret,
      register_expires: REGISTERED_S,
      connection_recovery_min_interval: RECONNECT_S.min,
      connection_recovery_max_interval: RECONNECT_S.max,
      user_agent: "callcenter",
    });
    this.agent = agent;
    agent.on("registered", () => {
      this.report({ type: "registered" });
      if (this.moved) this.restartIce();
    });
    agent.on("registrationFailed", ({ response }) => {
      const status = response?.status_code ?? 0;
      if (status === 401 || status === 403) return this.report({ type: "refused" });
      this.report({ type: "disconnected" });
      // After a lost connection the library registers by itself; after an answer that never came it does not.
      setTimeout(() => agent.isConnected() && agent === this.agent && agent.register(), AGAIN_MS);
    });
    agent.on("disconnected", () => {
      this.moved = true;
      this.report({ type: "disconnected" });
    });
    agent.on("newRTCSession", (/** @type {{ session: RTCSession, request: IncomingRequest | OutgoingRequest }} */ { session, request }) => {
      if (session.direction === "incoming") this.rang(session, request);
    });
    agent.start();
  }

  close() {
    this.agent?.removeAllListeners();
    this.agent?.stop();
    this.agent = null;
  }

  register() {
    this.agent?.register();
  }

  /** The connection may be one of a network that is gone, which nothing says: another one is made now. */
  reconnect() {
    const agent = /** @type {{ transport?: { connect(): void, disconnect(): void } } | null} */ (/** @type {unknown} */ (this.agent));
    const transport = agent?.transport;
    if (!transport) return;
    transport.disconnect();
    transport.connect();
  }

  /**
   * @param {RTCSession} session
   * @param {IncomingRequest | OutgoingRequest} request
   */
  rang(session, request) {
    const byItself = /answer-after=0/.test(String(request.getHeader("Call-Info") ?? ""));
    const before = this.session;
    if (before && !byItself) {
      session.terminate({ status_code: BUSY });
      return;
    }
    // The caller is given back, so the call of before is over, though its end never came here.
    if (before) {
      before.removeAllListeners();
      this.over({ type: "ended" });
      before.terminate();
    }
    this.follow(session);
    this.report({ type: "rang", caller: session.remote_identity.uri.user ?? "", byItself });
  }

  /** @param {RTCSession} session */
  follow(session) {
    this.session = session;
    this.moved = false;
    outliveRenegotiation(session);
    session.on("confirmed", () => this.report({ type: "talking" }));
    session.on("hold", ({ originator }) => originator === "local" && this.report({ type: "held" }));
    session.on("unhold", ({ originator }) => originator === "local" && this.report({ type: "unheld" }));
    session.on("ended", () => this.over({ type: "ended" }));
    session.on("failed", ({ originator, cause }) => {
      const missed = originator === "remote" && cause === JsSIP.C.causes.CANCELED;
      this.over({ type: missed ? "missed" : originator === "local" ? "ended" : "failed" });
    });
    session.on("icecandidate", ({ ready }) => setTimeout(ready, GATHER_MS));
    const listen = (/** @type {RTCPeerConnection} */ connection) => {
      connection.addEventListener("iceconnectionstatechange", () => {
        if (connection.iceConnectionState === "failed") this.restartIce();
      });
      connection.addEventListener("track", (event) => (this.sound.srcObject = event.streams[0] ?? new MediaStream([event.track])));
    };
    if (session.connection) listen(session.connection);
    else session.on("peerconnection", ({ peerconnection }) => listen(peerconnection));
  }

  /** @param {Happened} event */
  over(event) {
    this.session = null;
    this.sound.srcObject = null;
    this.microphone?.getTracks().forEach((track) => track.stop());
    this.microphone = undefined;
    this.report(event);
  }

  /** @param {MediaStream} microphone closed when the call is over */
  answer(microphone) {
    if (!this.session) return microphone.getTracks().forEach((track) => track.stop());
    this.take(microphone);
    this.session.answer({ mediaStream: microphone, pcConfig: { iceServers: this.iceServers } });
  }

  /**
   * @param {string} whom an account, or a number
   * @param {MediaStream} microphone
   */
  call(whom, microphone) {
    this.take(microphone);
    const session = this.agent?.call(`sip:${whom}@${HOST}`, { mediaStream: microphone, pcConfig: { iceServers: this.iceServers } });
    if (session) this.follow(session);
  }

  reject() {
    this.session?.terminate({ status_code: BUSY });
  }

  hangUp() {
    this.session?.terminate();
  }

  /** @param {boolean} on */
  mute(on) {
    if (on) this.session?.mute({ audio: true });
    else this.session?.unmute({ audio: true });
  }

  /** @param {boolean} on */
  hold(on) {
    const asked = on ? this.session?.hold() : this.session?.unhold();
    // It cannot be asked for while another change is being answered.
    if (!asked) this.report({ type: on ? "unheld" : "held" });
  }

  /** @param {string} key */
  send(key) {
    this.session?.sendDTMF(key, { transportType: JsSIP.C.DTMF_TRANSPORT.RFC2833 });
  }

  /** @param {string} to */
  transfer(to) {
    const session = this.session;
    /** @type {number | undefined} */
    let timer;
    const not = () => {
      clearTimeout(timer);
      this.report({ type: "not_transferred" });
    };
    const gone = () => session?.isEnded() || session?.terminate();
    // Asterisk keeps this leg until the colleague answers, and says at once when there is nobody such.
    const requestSucceeded = () => (timer = setTimeout(gone, REFUSED_WITHIN_MS));
    session?.refer(`sip:${to}@${HOST}`, { eventHandlers: { requestFailed: not, failed: not, requestSucceeded, accepted: gone } });
  }

  /** @returns {Promise<RTCStatsReport | null>} */
  async stats() {
    return (await this.session?.connection?.getStats()) ?? null;
  }

  /** @param {MediaStream} microphone instead of the one that talks now */
  async speakInto(microphone) {
    const sender = this.session?.connection?.getSenders().find((each) => each.track?.kind === "audio");
    if (!sender) return microphone.getTracks().forEach((track) => track.stop());
    const [track] = microphone.getAudioTracks();
    if (track && this.microphone) track.enabled = this.microphone.getAudioTracks()[0]?.enabled ?? true;
    await sender.replaceTrack(track ?? null);
    this.microphone?.getTracks().forEach((each) => each.stop());
    this.take(microphone);
  }

  /** @param {MediaStream} microphone */
  take(microphone) {
    this.microphone = microphone;
    // Not when it is stopped here: when it was unplugged, or may not be used any more.
    const gone = () => microphone === this.microphone && this.report({ type: "microphone_gone" });
    microphone.getTracks().forEach((track) => track.addEventListener("ended", gone));
  }
}
