// Microphone, speaker and ringer: which they are, what they hear, and the telephone's own tones.

const KEPT = "callcenter.telephone";
const RING = { on: 1, every: 4, hertz: [425, 620] };
const BEEP = { on: 0.15, hertz: [880, 1175] };
const VOLUME = 0.12;
const LEVEL_EVERY_MS = 60;

/** @typedef {"microphone" | "speaker" | "ringer"} Device */
/** @typedef {Record<Device, string> & { answers: boolean }} Choice devices by id, `""` is the system's own */

/** @returns {Choice} what this browser was told last */
export function kept() {
  const none = { microphone: "", speaker: "", ringer: "", answers: false };
  try {
    return { ...none, ...JSON.parse(localStorage.getItem(KEPT) ?? "{}") };
  } catch {
    return none;
  }
}

/** @param {Choice} choice */
export function keep(choice) {
  localStorage.setItem(KEPT, JSON.stringify(choice));
}

/**
 * The microphone, the one chosen if it is there; throws when there is none, or it may not be used.
 *
 * @param {string} id
 */
export function openMicrophone(id) {
  const audio = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
  const chosen = id ? { ...audio, deviceId: { ideal: id } } : audio;
  return navigator.mediaDevices.getUserMedia({ audio: chosen });
}

/** @type {AudioContext | undefined} */
let silent;

/** What a talk without a microphone sends: a telephone that sends nothing counts as gone. */
export function silence() {
  silent ??= new AudioContext();
  return silent.createMediaStreamDestination().stream;
}

/** @returns {Promise<Record<Device, MediaDeviceInfo[]>>} */
export async function devices() {
  const all = await navigator.mediaDevices.enumerateDevices();
  const outputs = all.filter((each) => each.kind === "audiooutput");
  return { microphone: all.filter((each) => each.kind === "audioinput"), speaker: outputs, ringer: outputs };
}

/**
 * How loud it is, 0 to 1, again and again until the function that is returned is called.
 *
 * @param {MediaStream} stream
 * @param {(level: number) => void} show
 */
export function meter(stream, show) {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  analyser.fftSize = 512;
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, each) => sum + each * each, 0) / samples.length;
    // 60 dB from silence to full scale.
    show(Math.min(1, Math.max(0, 1 + Math.log10(power || 1e-9) / 6)));
  }, LEVEL_EVERY_MS);
  return () => {
    clearInterval(timer);
    void context.close();
    show(0);
  };
}

/** Rings and beeps. */
export class Bell {
  constructor() {
    /** @type {number | undefined} */
    this.timer = undefined;
  }

  /** @param {string} device */
  ring(device) {
    this.stop();
    void tone(device, RING.hertz, RING.on);
    this.timer = setInterval(() => void tone(device, RING.hertz, RING.on), RING.every * 1000);
  }

  stop() {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  /** @param {string} device */
  beep(device) {
    return tone(device, BEEP.hertz, BEEP.on);
  }
}

/**
 * One tone after the other.
 *
 * @param {string} device
 * @param {number[]} hertz
 * @param {number} seconds of each
 */
async function tone(device, hertz, seconds) {
  const context = /** @type {AudioContext & { setSinkId?: (id: string) => Promise<void> }} */ (new AudioContext());
  try {
    if (device) await context.setSinkId?.(device);
  } catch {
    // The device was unplugged: the system's own then.
  }
  const volume = context.createGain();
  volume.gain.value = VOLUME;
  volume.connect(context.destination);
  hertz.forEach((each, place) => {
    const source = new OscillatorNode(context, { frequency: each });
    source.connect(volume);
    source.start(context.currentTime + place * seconds);
    source.stop(context.currentTime + (place + 1) * seconds);
    if (place === hertz.length - 1) source.onended = () => void context.close();
  });
}
