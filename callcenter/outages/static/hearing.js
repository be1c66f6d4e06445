// What callers would hear of an outage, in the browser: spoken from the text of a form, or recorded with the microphone.

import { fill } from "/static/web/ui.js";

const LARGEST = 25 * 1024 * 1024;
const LONGEST_S = 120;

/** @typedef {"record" | "stop" | "recording" | "no_microphone" | "speaking" | "heard" | "large" | "failed"} TextName */
/** @typedef {{ words?: string, sound?: string, problem?: string }} Answer */

/** @param {HTMLFormElement} form */
function enhance(form) {
  /** @type {Record<TextName, string>} */
  const texts = JSON.parse(form.dataset.texts ?? "{}");
  /** @param {string} name */
  const part = (name) => /** @type {HTMLElement | null} */ (form.querySelector(`[data-${name}]`));
  const hear = /** @type {HTMLButtonElement} */ (part("hear"));
  const record = /** @type {HTMLButtonElement | null} */ (part("record"));
  const status = /** @type {HTMLElement} */ (part("status"));
  const words = /** @type {HTMLElement} */ (part("words"));
  const sound = /** @type {HTMLAudioElement} */ (part("sound"));
  const file = /** @type {HTMLInputElement | null} */ (form.querySelector("input[type=file]"));

  /** @param {Answer} answer */
  function show(answer) {
    status.textContent = answer.problem ?? texts.heard;
    words.textContent = answer.words ?? "";
    words.hidden = !answer.words;
    sound.hidden = !answer.sound;
    if (!answer.sound) return sound.removeAttribute("src");
    sound.src = answer.sound;
    // A browser that plays nothing by itself shows the button for it.
    sound.play().catch(() => {});
  }

  async function preview() {
    if ((file?.files?.[0]?.size ?? 0) > LARGEST) return show({ problem: texts.large });
    hear.disabled = true;
    status.textContent = texts.speaking;
    try {
      const answer = await fetch(form.dataset.preview ?? "", { method: "POST", body: new FormData(form) });
      if (answer.status === 401) location.assign("/login");
      show(answer.ok || answer.status === 422 ? await answer.json() : { problem: texts.failed });
    } catch {
      show({ problem: texts.failed });
    }
    hear.disabled = false;
  }

  hear.hidden = false;
  hear.addEventListener("click", preview);
  if (record && file && window.MediaRecorder && navigator.mediaDevices) {
    record.hidden = false;
    offerMicrophone(record, file, status, texts, preview);
  }
}

/**
 * @param {HTMLButtonElement} button
 * @param {HTMLInputElement} file where what was recorded is put
 * @param {HTMLElement} status
 * @param {Record<TextName, string>} texts
 * @param {() => void} done
 */
function offerMicrophone(button, file, status, texts, done) {
  /** @type {MediaRecorder | null} */
  let recorder = null;

  button.addEventListener("click", async () => {
    if (recorder) return recorder.stop();
    button.disabled = true;
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      recorder = start(stream);
      button.textContent = texts.stop;
    } catch {
      status.textContent = texts.no_microphone;
    }
    button.disabled = false;
  });

  /** @param {MediaStream} stream */
  function start(stream) {
    const made = new MediaRecorder(stream);
    const begun = Date.now();
    /** @type {Blob[]} */
    const pieces = [];
    const clock = setInterval(() => {
      const seconds = Math.floor((Date.now() - begun) / 1000);
      status.textContent = fill(texts.recording, { seconds });
      if (seconds >= LONGEST_S && made.state === "recording") made.stop();
    }, 250);
    made.addEventListener("dataavailable", (event) => pieces.push(event.data));
    made.addEventListener("stop", () => {
      clearInterval(clock);
      for (const track of stream.getTracks()) track.stop();
      recorder = null;
      button.textContent = texts.record;
      const chosen = new DataTransfer();
      chosen.items.add(new File(pieces, "recording", { type: made.mimeType }));
      file.files = chosen.files;
      done();
    });
    made.start();
    return made;
  }
}

for (const form of document.querySelectorAll("form[data-preview]")) enhance(/** @type {HTMLFormElement} */ (form));
