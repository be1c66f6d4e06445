// The list of files is fetched again while one of them is in the making.
const EVERY_MS = 1500;

async function refresh() {
  const list = document.getElementById("orders");
  if (!list?.hasAttribute("data-working")) return;
  try {
    const answer = await fetch(list.dataset.from ?? "/reports/exports", { headers: { Accept: "text/html" } });
    if (answer.redirected || answer.status === 401) return location.assign("/login");
    if (answer.ok) {
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = /** @type {HTMLElement} */ (page.getElementById("orders"));
      const at = document.activeElement?.getAttribute("href");
      list.replaceWith(fresh);
      if (at) /** @type {HTMLElement | null} */ (fresh.querySelector(`a[href="${CSS.escape(at)}"]`))?.focus();
    }
  } catch {
    // The server is away; the list stays as it is until it is back.
  }
  setTimeout(refresh, EVERY_MS);
}

setTimeout(refresh, EVERY_MS);
