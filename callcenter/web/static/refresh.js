// A part of a page that names the page it is from is fetched again while something in it goes on.
const EVERY_MS = 1500;

/**
 * Screen readers announce the part when it changes, so an unchanged one is left alone.
 *
 * @param {HTMLElement} part
 * @param {HTMLElement} fresh
 */
function show(part, fresh) {
  part.toggleAttribute("data-working", fresh.hasAttribute("data-working"));
  if (part.innerHTML === fresh.innerHTML) return;
  const at = document.activeElement?.getAttribute("href");
  part.replaceChildren(...fresh.childNodes);
  if (at) /** @type {HTMLElement | null} */ (part.querySelector(`a[href="${CSS.escape(at)}"]`))?.focus();
}

/** @param {HTMLElement} part */
async function refresh(part) {
  if (!part.hasAttribute("data-working")) return;
  try {
    const answer = await fetch(part.dataset.from ?? "", { headers: { Accept: "text/html" } });
    if (answer.redirected || answer.status === 401) return location.assign("/login");
    if (answer.ok) {
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById(part.id);
      if (!fresh) return location.assign(part.dataset.from ?? "");
      show(part, fresh);
    }
  } catch {
    // The server is unavailable; the part stays as it is until it returns.
  }
  setTimeout(() => refresh(part), EVERY_MS);
}

for (const part of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-from]"))) {
  setTimeout(() => refresh(part), EVERY_MS);
}
