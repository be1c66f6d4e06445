// The session has ended while a page is open. A page with the overlay (`session_ended` in web/parts.html) asks for the
// password there, and everything on it stays: a talk, what was typed. Any other leads to the login.

const WRONG = 401;
const TOO_MANY = 429;

/** @type {Promise<void> | null} */
let again = null;

/** Ask for the password. Done when the person has logged in again; whoever asks meanwhile waits for the same. */
export function sessionEnded() {
  const place = /** @type {HTMLDialogElement | null} */ (document.getElementById("session-ended"));
  if (!place) {
    location.assign("/login");
    return new Promise(() => {});
  }
  again ??= asked(place).finally(() => (again = null));
  return again;
}

/**
 * @param {HTMLDialogElement} place
 * @returns {Promise<void>}
 */
function asked(place) {
  const forms = /** @type {HTMLFormElement[]} */ ([...place.querySelectorAll("form")]);
  const end = new AbortController();
  // Not modal: the telephone's buttons can be pressed meanwhile.
  step(place, "/login");
  place.show();
  field(forms[0]).focus();
  return new Promise((resolve) => {
    for (const form of forms) {
      const submitted = async (/** @type {SubmitEvent} */ event) => {
        event.preventDefault();
        if (!(await enter(place, form))) return;
        end.abort();
        place.close();
        resolve();
      };
      form.addEventListener("submit", (event) => void submitted(event), { signal: end.signal });
    }
  });
}

/**
 * One step of the login; true when the person is in.
 *
 * @param {HTMLDialogElement} place
 * @param {HTMLFormElement} form
 */
async function enter(place, form) {
  const button = /** @type {HTMLButtonElement} */ (form.querySelector("button"));
  button.disabled = true;
  try {
    const body = new URLSearchParams(/** @type {any} */ (new FormData(form)));
    const answer = await fetch(form.action, { method: "POST", body, redirect: "manual" });
    // Where it leads to cannot be seen: to the start page, or to the code.
    if (answer.type !== "opaqueredirect") return refused(place, form, answer.status);
    if ((await fetch("/session", { cache: "no-store" })).ok) return true;
    step(place, "/login/code");
  } catch {
    say(place, "unreachable");
  } finally {
    button.disabled = false;
  }
  return false;
}

/**
 * @param {HTMLDialogElement} place
 * @param {HTMLFormElement} form
 * @param {number} status
 */
function refused(place, form, status) {
  say(place, status === TOO_MANY ? "too-many" : status === WRONG ? "wrong" : "unreachable");
  field(form).select();
  return false;
}

/**
 * Show the form with this address, empty.
 *
 * @param {HTMLDialogElement} place
 * @param {string} address
 */
function step(place, address) {
  say(place, "");
  for (const form of place.querySelectorAll("form")) {
    form.hidden = form.getAttribute("action") !== address;
    field(form).value = "";
    if (!form.hidden) field(form).focus();
  }
}

/**
 * @param {HTMLDialogElement} place
 * @param {string} problem
 */
function say(place, problem) {
  for (const line of /** @type {NodeListOf<HTMLElement>} */ (place.querySelectorAll("[data-problem]"))) {
    line.hidden = line.dataset.problem !== problem;
  }
}

/** @param {HTMLFormElement} form */
function field(form) {
  return /** @type {HTMLInputElement} */ (form.querySelector("input:not([type=hidden])"));
}
