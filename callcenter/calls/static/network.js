// Notices in a talk that the network is gone or another one: neither a WebSocket nor the browser says so for minutes.

const LOOK_EVERY_MS = 500;
const SILENT_MS = 1500;

/**
 * @param {() => Promise<number | null>} received packets of sound so far; null while none need come
 * @param {() => void} suspect called once in each silence, and when the browser is on-line again
 */
export function watchNetwork(received, suspect) {
  addEventListener("online", suspect);
  let last = 0;
  let since = 0;
  let told = false;
  setInterval(async () => {
    const now = await received();
    if (now === null || now !== last) {
      last = now ?? 0;
      since = Date.now();
      told = false;
    } else if (!told && Date.now() - since > SILENT_MS) {
      told = true;
      suspect();
    }
  }, LOOK_EVERY_MS);
}
