// The played parts of a recording, in whole seconds, reported to the server every few seconds and at the end.

const REPORT_MS = 5000;

export class Heard {
  /**
   * @param {number} recording
   * @param {number | null} listening
   * @param {() => void} failed
   */
  constructor(recording, listening, failed) {
    this.address = `/listening/${recording}/heard`;
    this.listening = listening;
    this.failed = failed;
    /** @type {[number, number][]} */
    this.parts = [];
    /** @type {number | null} */
    this.from = null;
    this.last = 0;
    setInterval(() => this.report(), REPORT_MS);
  }

  /** @param {number} seconds */
  begin(seconds) {
    this.from = this.last = seconds;
  }

  /**
   * Called often during playback, but not across a jump: `end` is called before a jump, `begin` after it.
   *
   * @param {number} seconds
   * @param {boolean} playing
   */
  at(seconds, playing) {
    if (playing && this.from !== null) this.last = Math.max(this.last, seconds);
  }

  end(seconds = this.last) {
    if (this.from !== null && seconds > this.from) this.parts.push([Math.floor(this.from), Math.ceil(seconds)]);
    this.from = null;
  }

  async report(leaving = false) {
    const [from, last] = [this.from, this.last];
    if (from !== null && last > from) {
      this.end();
      this.begin(last);
    }
    const parts = this.parts.splice(0);
    if (!parts.length) return;
    try {
      const answer = await fetch(this.address, {
        method: "POST", body: JSON.stringify({ listening: this.listening, parts }), keepalive: leaving,
        headers: { "Content-Type": "application/json" },
      });
      if (answer.status === 401) return location.assign("/login");
      if (!answer.ok) throw new Error(String(answer.status));
    } catch {
      this.parts.unshift(...parts);
      this.failed();
    }
  }
}
