// A ticket's forms: Ctrl+Enter saves, and typed text is not lost by accident.
for (const form of /** @type {NodeListOf<HTMLFormElement>} */ (document.querySelectorAll("form.fields"))) {
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit(form.querySelector("button"));
  });
}

let changed = false;
for (const form of document.querySelectorAll("form[data-keep]")) {
  form.addEventListener("input", () => { changed = true; });
  form.addEventListener("submit", () => { changed = false; });
}
addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });

document.querySelector("[aria-invalid], .theirs")?.scrollIntoView({ block: "center" });
/** @type {HTMLElement | null} */ (document.querySelector("[aria-invalid]"))?.focus({ preventScroll: true });

for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll("[data-copy]"))) {
  // Without HTTPS a page may not write to the clipboard.
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const field = /** @type {HTMLInputElement} */ (document.getElementById(button.dataset.copy ?? ""));
    field.select();
    await navigator.clipboard.writeText(field.value);
  });
}

// A new link is shown in the answer to its form: reloading the page must show the page, not create another link.
if (document.querySelector("#made-link")) history.replaceState(null, "", `${location.pathname.replace(/\/links$/, "")}#links`);
