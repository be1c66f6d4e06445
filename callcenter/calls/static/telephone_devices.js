// Which microphone, speaker and ringer the telephone uses: chosen and tried in one place, kept by the browser.

import { $ } from "/static/web/ui.js";
import { devices, keep, kept, meter, openMicrophone } from "./sound.js";

/** @import { TelephoneTexts } from "types/texts" */
/** @import { Sip } from "./sip.js" */
/** @import { Bell, Device } from "./sound.js" */

let chosen = kept();
/** What this browser was told. */
export const choice = () => chosen;

/** @type {Device[]} */
const KINDS = ["microphone", "speaker", "ringer"];

/**
 * @param {Bell} bell
 * @param {Sip} sip
 * @param {TelephoneTexts} texts
 * @param {(byItself: boolean) => void} answers
 */
export function offerDevices(bell, sip, texts, answers) {
  const place = /** @type {HTMLDetailsElement} */ ($("telephone-devices"));
  const byItself = /** @type {HTMLInputElement} */ ($("telephone-answers"));
  byItself.checked = chosen.answers;
  byItself.addEventListener("change", () => {
    chosen = { ...chosen, answers: byItself.checked };
    keep(chosen);
    answers(byItself.checked);
  });
  /** @type {(() => void) | null} */
  let stop = null;
  const listen = async () => {
    stop?.();
    stop = null;
    if (!place.open) return;
    try {
      const stream = await openMicrophone(chosen.microphone);
      const end = meter(stream, (level) => (/** @type {HTMLMeterElement} */ ($("telephone-level")).value = level));
      stop = () => {
        end();
        stream.getTracks().forEach((track) => track.stop());
      };
    } catch {
      // The line says that there is no microphone.
    }
    await list(texts);
  };
  place.addEventListener("toggle", () => void listen());
  navigator.mediaDevices?.addEventListener("devicechange", () => void (place.open && list(texts)));
  for (const kind of KINDS) {
    const select = /** @type {HTMLSelectElement} */ ($(`telephone-${kind}`));
    select.addEventListener("change", () => void use(kind, select.value, sip).then(listen));
  }
  $("telephone-try-speaker").addEventListener("click", () => void bell.beep(chosen.speaker));
  $("telephone-try-ringer").addEventListener("click", () => void bell.beep(chosen.ringer));
}

/**
 * @param {Device} kind
 * @param {string} id
 * @param {Sip} sip
 */
async function use(kind, id, sip) {
  chosen = { ...chosen, [kind]: id };
  keep(chosen);
  if (kind === "microphone" && sip.session) await sip.speakInto(await openMicrophone(id));
  if (kind === "speaker") await speakFrom(sip);
}

/** @param {Sip} sip */
async function speakFrom(sip) {
  const sound = /** @type {HTMLAudioElement & { setSinkId?: (id: string) => Promise<void> }} */ (sip.sound);
  try {
    await sound.setSinkId?.(chosen.speaker);
  } catch {
    // It was unplugged: the system's own goes on.
  }
}

/** @param {TelephoneTexts} texts */
async function list(texts) {
  const found = await devices();
  for (const kind of KINDS) {
    const select = /** @type {HTMLSelectElement} */ ($(`telephone-${kind}`));
    const options = found[kind].filter((each) => each.deviceId !== "default" && each.deviceId !== "communications")
      .map((each, place) => new Option(each.label || `${place + 1}`, each.deviceId));
    select.replaceChildren(new Option(texts.usual_device, ""), ...options);
    select.value = options.some((each) => each.value === chosen[kind]) ? chosen[kind] : "";
  }
}
