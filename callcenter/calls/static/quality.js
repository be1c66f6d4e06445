// How good a talk sounds, from two readings of the browser's own figures.

/**
 * @typedef {object} Reading
 * @property {number} received packets
 * @property {number} lost packets, so far
 * @property {number} jitter seconds
 * @property {number} roundTrip seconds; 0 when not known yet
 */
/** @typedef {"good" | "fair" | "bad" | "silent"} Quality */

/** Above these people notice (fair), and repeat what they said (bad); ITU-T G.107 and G.114 have them alike. */
const FAIR = { loss: 0.01, jitter: 0.03, roundTrip: 0.3 };
const BAD = { loss: 0.05, jitter: 0.06, roundTrip: 0.6 };

/**
 * @param {Reading} before
 * @param {Reading} now
 * @returns {Quality}
 */
export function quality(before, now) {
  const received = now.received - before.received;
  const lost = Math.max(0, now.lost - before.lost);
  if (received <= 0) return "silent";
  const figures = { loss: lost / (received + lost), jitter: now.jitter, roundTrip: now.roundTrip };
  /** @param {typeof FAIR} limits */
  const above = (limits) => figures.loss > limits.loss || figures.jitter > limits.jitter || figures.roundTrip > limits.roundTrip;
  return above(BAD) ? "bad" : above(FAIR) ? "fair" : "good";
}

/**
 * @param {Iterable<[string, any]>} report of `RTCPeerConnection.getStats()`
 * @returns {Reading}
 */
export function reading(report) {
  const found = { received: 0, lost: 0, jitter: 0, roundTrip: 0 };
  for (const [, stats] of report) {
    if (stats.type === "inbound-rtp" && stats.kind === "audio") {
      found.received = stats.packetsReceived ?? 0;
      found.lost = stats.packetsLost ?? 0;
      found.jitter = stats.jitter ?? 0;
    } else if (stats.type === "candidate-pair" && stats.nominated) {
      found.roundTrip = stats.currentRoundTripTime ?? 0;
    }
  }
  return found;
}
