// The waveform: the operator above, the caller below; and where both are silent.

/** @import { Stretch } from "types/player" */

const SILENT_S = 1.5;
const BREATH_S = 0.25;

/** Peaks of a recording. `per`: how many a second; `at(channel, i)`: 0 to 255. */
export class Peaks {
  /**
   * @param {Uint8Array} bytes
   * @param {number} per
   * @param {number} channels
   */
  constructor(bytes, per, channels) {
    this.bytes = bytes;
    this.per = per;
    this.channels = channels;
    this.length = Math.floor(bytes.length / channels);
  }

  /**
   * @param {number} channel
   * @param {number} i
   */
  at(channel, i) {
    return this.bytes[i * this.channels + Math.min(channel, this.channels - 1)];
  }

  /**
   * The loudest peak of a channel between two seconds.
   *
   * @param {number} channel
   * @param {number} from
   * @param {number} until
   */
  loudest(channel, from, until) {
    let found = 0;
    const last = Math.min(Math.max(Math.ceil(until * this.per), Math.floor(from * this.per) + 1), this.length);
    for (let i = Math.floor(from * this.per); i < last; i++) found = Math.max(found, this.at(channel, i));
    return found;
  }

  /** Stretches of seconds in which nobody speaks, without a margin at their ends. */
  silences() {
    const loud = Float64Array.from({ length: this.length }, (_, i) => Math.max(this.at(0, i), this.at(1, i)));
    const sorted = [...loud].sort((a, b) => a - b);
    const voice = sorted[Math.floor(sorted.length * 0.95)] ?? 0;
    const limit = Math.max(3, voice * 0.08);
    /** @type {[number, number][]} */
    const found = [];
    /** @type {number | null} */
    let from = null;
    for (let i = 0; i <= this.length; i++) {
      if (i < this.length && loud[i] <= limit) from ??= i;
      else if (from !== null) {
        const [a, b] = [from / this.per, i / this.per];
        if (b - a >= SILENT_S) found.push([a + BREATH_S, b - BREATH_S]);
        from = null;
      }
    }
    return found;
  }
}

/** @param {number} recording */
export async function fetchPeaks(recording) {
  const answer = await fetch(`/listening/${recording}/waveform`);
  if (!answer.ok) return null;
  const bytes = new Uint8Array(await answer.arrayBuffer());
  return new Peaks(bytes, Number(answer.headers.get("X-Peaks-Per-Second")), Number(answer.headers.get("X-Channels")));
}

/**
 * Redraw it: `at` and `duration` in seconds, `pauses` and `silences` as they are known.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {{ peaks: Peaks | null, duration: number, at: number, pauses: Stretch[], silences: [number, number][] }} shown
 */
export function draw(canvas, { peaks, duration, at, pauses, silences }) {
  const ratio = devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (!width) return;
  if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
  if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  /** @param {string} name */
  const colour = (name) => getComputedStyle(canvas).getPropertyValue(name).trim();
  const [operator, caller, unplayed, paused, ink] = ["--operator", "--caller", "--unplayed", "--paused", "--ink"].map(colour);
  const middle = height / 2;
  /** @param {number} seconds */
  const x = (seconds) => (seconds / duration) * width;

  pen.fillStyle = unplayed;
  pen.globalAlpha = 0.25;
  for (const [from, until] of silences) pen.fillRect(x(from), middle - 2, x(until) - x(from), 4);
  pen.globalAlpha = 1;
  if (peaks) {
    const step = 3;
    for (let left = 0; left < width; left += step) {
      const [from, until] = [(left / width) * duration, ((left + step) / width) * duration];
      const played = until <= at;
      for (const { channel, of, up } of [{ channel: 0, of: operator, up: -1 }, { channel: 1, of: caller, up: 1 }]) {
        const tall = Math.max(1, (peaks.loudest(channel, from, until) / 255) * (middle - 6));
        pen.fillStyle = of;
        pen.globalAlpha = played ? 1 : 0.42;
        pen.fillRect(left, up < 0 ? middle - tall : middle, step - 1, tall);
      }
    }
    pen.globalAlpha = 1;
  } else {
    pen.fillStyle = unplayed;
    pen.fillRect(0, middle - 2, width, 4);
    pen.fillStyle = operator;
    pen.fillRect(0, middle - 2, x(at), 4);
  }
  for (const { from, until } of pauses) {
    pen.save();
    pen.beginPath();
    pen.rect(x(from), 0, Math.max(3, x(until) - x(from)), height);
    pen.clip();
    pen.strokeStyle = paused;
    pen.lineWidth = 2;
    for (let left = x(from) - height; left < x(until); left += 7) {
      pen.beginPath();
      pen.moveTo(left, height);
      pen.lineTo(left + height, 0);
      pen.stroke();
    }
    pen.restore();
  }
  pen.fillStyle = ink;
  pen.fillRect(Math.min(x(at), width - 2), 0, 2, height);
}
