// The player: waveform, speed, silence, links to positions; and the played parts, reported to the server.

import { draw, fetchPeaks } from "./waveform.js";
import { Heard } from "./heard.js";

/** @import { PlayerPage } from "types/player" */
/** @import { Peaks } from "./waveform.js" */

/** @param {string} id */
const $ = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
/** @param {string} id */
const input = (id) => /** @type {HTMLInputElement} */ ($(id));
/** @type {PlayerPage} */
const data = JSON.parse($("player-data").textContent ?? "");
const texts = data.texts;
const audio = /** @type {HTMLAudioElement} */ ($("audio"));
/** @type {NodeListOf<HTMLElement>} */
const speeds = document.querySelectorAll("[data-speed]");
const SPEEDS = [0.75, 1, 1.25, 1.5, 2];

/** @type {(text: string, values: Record<string, string | number>) => string} */
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));

/** @param {number} seconds */
function clock(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  /** @param {number} n */
  const two = (n) => String(n).padStart(2, "0");
  const [h, m] = [Math.floor(s / 3600), Math.floor(s / 60) % 60];
  return h ? `${h}:${two(m)}:${two(s % 60)}` : `${m}:${two(s % 60)}`;
}

/** @type {number | undefined} */
let lineTimer;
/** @param {string} text */
function say(text, bad = false) {
  $("line").textContent = text;
  $("line").classList.toggle("bad", bad);
  clearTimeout(lineTimer);
  if (!bad) lineTimer = setTimeout(() => { $("line").textContent = ""; }, 4000);
}

// A digit chooses a reason. The second in the fragment of the address is kept: the answer to a form would lose it.
function chooseReason() {
  for (const form of /** @type {NodeListOf<HTMLFormElement>} */ (document.querySelectorAll(".why form"))) form.action += location.hash;
  addEventListener("keydown", (event) => {
    if (within(event, "input") || event.ctrlKey || event.metaKey || event.altKey) return;
    /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".reason"))[Number(event.key) - 1]?.click();
  });
}

/** @type {(event: KeyboardEvent, selector: string) => HTMLElement | null} */
function within(event, selector) {
  return event.target instanceof Element ? event.target.closest(selector) : null;
}

function player() {
  /** @type {Peaks | null} */
  let peaks = null;
  /** @type {[number, number][]} */
  let silences = [];
  const heard = new Heard(data.recording, data.listening, () => say(texts.unheard, true));
  const duration = () => data.duration || audio.duration || 0;

  function show() {
    const at = audio.currentTime;
    $("clock").textContent = fill(texts.at, { at: clock(at), length: clock(Math.round(duration())) });
    input("seek").value = String(at);
    $("seek").setAttribute("aria-valuetext", clock(at));
    if (duration()) draw(/** @type {HTMLCanvasElement} */ ($("canvas")), { peaks, duration: duration(), at, pauses: data.pauses, silences });
  }

  /** @param {number} seconds */
  function seek(seconds) {
    audio.currentTime = Math.min(Math.max(seconds, 0), Math.max(0, duration() - 0.05));
    show();
  }

  let broken = false;
  function fail() {
    broken = true;
    audio.pause();
    $("turn").textContent = texts.play;
    say(texts.failed, true);
  }

  function turn() {
    if (!audio.paused && !broken) return audio.pause();
    if (broken) audio.load();
    broken = false;
    say("");
    // Paused before playback started.
    audio.play().catch((problem) => problem.name === "AbortError" || fail());
  }

  /** @param {number} value */
  function speed(value) {
    audio.playbackRate = value;
    for (const each of speeds) {
      each.setAttribute("aria-pressed", String(Number(each.dataset.speed) === value));
    }
    localStorage.setItem("listening-speed", String(value));
  }

  /** @param {number} step */
  function faster(step) {
    const now = SPEEDS.indexOf(audio.playbackRate);
    speed(SPEEDS[Math.min(Math.max(now + step, 0), SPEEDS.length - 1)]);
  }

  async function copyLink() {
    const address = new URL(location.href);
    address.hash = `t=${Math.floor(audio.currentTime)}`;
    history.replaceState(null, "", address);
    try {
      await navigator.clipboard.writeText(address.href);
      say(fill(texts.copied, { at: clock(audio.currentTime) }));
    } catch {
      say(texts.not_copied);
    }
  }

  function fromAddress() {
    const found = /^#t=(\d+)/.exec(location.hash);
    if (found) seek(Number(found[1]));
  }

  function mark() {
    input("mark-at").value = clock(audio.currentTime);
    $("mark-comment").focus();
  }

  /** @param {number} step */
  function jumpToMark(step) {
    const places = data.marks.map((each) => each.at);
    const at = audio.currentTime;
    const next = step > 0 ? places.find((each) => each > at + 0.5) : places.findLast((each) => each < at - 1);
    if (next !== undefined) seek(next);
  }

  function showFlags() {
    $("flags").replaceChildren(...data.marks.map((each, i) => {
      const flag = document.createElement("a");
      flag.href = `#t=${Math.round(each.at)}`;
      flag.textContent = String(i + 1);
      flag.title = `${clock(each.at)} ${each.comment}`;
      flag.style.left = `${(each.at / duration()) * 100}%`;
      return flag;
    }));
  }

  function skipSilence() {
    if (!input("skip").checked || audio.paused) return;
    const at = audio.currentTime;
    const silence = silences.find(([from, until]) => at >= from && at < until - 0.2);
    if (!silence) return;
    say(fill(texts.silence, { seconds: Math.round(silence[1] - at) }));
    audio.currentTime = silence[1];
  }

  function follow() {
    heard.at(audio.currentTime, !audio.paused && !audio.seeking);
    skipSilence();
    show();
    if (!audio.paused) requestAnimationFrame(follow);
  }

  audio.controls = false;
  audio.hidden = true;
  for (const id of ["wave", "transport"]) $(id).hidden = false;
  input("seek").max = String(duration());
  input("skip").disabled = !data.drawn;
  input("skip").checked = data.drawn && localStorage.getItem("listening-skip") === "yes";
  speed(SPEEDS.includes(Number(localStorage.getItem("listening-speed"))) ? Number(localStorage.getItem("listening-speed")) : 1);

  audio.addEventListener("play", () => { $("turn").textContent = texts.pause; heard.begin(audio.currentTime); follow(); });
  // A page in the background draws nothing, but still plays.
  audio.addEventListener("timeupdate", () => heard.at(audio.currentTime, !audio.paused && !audio.seeking));
  audio.addEventListener("pause", () => { $("turn").textContent = texts.play; heard.end(audio.currentTime); show(); });
  audio.addEventListener("seeking", () => heard.end());
  audio.addEventListener("seeked", () => { if (!audio.paused) heard.begin(audio.currentTime); show(); });
  audio.addEventListener("loadedmetadata", () => { input("seek").max = String(duration()); fromAddress(); showFlags(); show(); });
  // After a source that cannot be played the next one is tried; the failure of the last one is final.
  audio.lastElementChild?.addEventListener("error", fail);
  audio.addEventListener("error", fail);
  $("turn").addEventListener("click", turn);
  $("link").addEventListener("click", copyLink);
  $("seek").addEventListener("input", () => seek(Number(input("seek").value)));
  $("skip").addEventListener("change", () => localStorage.setItem("listening-skip", input("skip").checked ? "yes" : "no"));
  for (const each of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-jump]"))) {
    each.addEventListener("click", () => seek(audio.currentTime + Number(each.dataset.jump)));
  }
  for (const each of speeds) {
    each.addEventListener("click", () => speed(Number(each.dataset.speed)));
  }
  addEventListener("hashchange", fromAddress);
  addEventListener("pagehide", () => heard.report(true));
  new ResizeObserver(show).observe($("wave"));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);

  // By the position of the key, so that it is the same one with a Russian layout.
  /** @type {Record<string, () => unknown>} */
  const KEYS = {
    Space: turn, KeyM: mark, KeyL: copyLink,
    ArrowLeft: () => seek(audio.currentTime - 5), ArrowRight: () => seek(audio.currentTime + 5),
    Comma: () => faster(-1), Period: () => faster(1),
    BracketLeft: () => jumpToMark(-1), BracketRight: () => jumpToMark(1),
    KeyS: () => input("skip").disabled || $("skip").click(),
  };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = within(event, "input:not([type=range]):not([type=checkbox]), textarea, select");
    if (typing) return event.key === "Escape" ? typing.blur() : undefined;
    if (event.code === "Space" && within(event, "button, a, summary, [type=checkbox], [type=radio]")) return;
    const act = KEYS[event.code];
    if (!act) return;
    event.preventDefault();
    act();
  });

  // A mark takes the position at which its text is started.
  $("mark-comment").addEventListener("focus", () => { if (!input("mark-comment").value) input("mark-at").value = clock(audio.currentTime); });
  showFlags();
  show();
  // Events before this script was loaded.
  if (audio.readyState >= 1) fromAddress();
  if (audio.error || audio.networkState === HTMLMediaElement.NETWORK_NO_SOURCE) fail();
  if (data.drawn) {
    fetchPeaks(data.recording).then((found) => {
      peaks = found;
      silences = found?.silences() ?? [];
      show();
    });
  }
}

if (audio) player();
else chooseReason();
