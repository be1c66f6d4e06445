// J and K move through the list, Enter opens, / focuses the search.

import { filteredList } from "/static/web/list.js";

const q = /** @type {HTMLInputElement} */ (document.getElementById("q"));
const { list } = filteredList("/listening");

/** @param {number} step how many lines down */
function choose(step) {
  const links = [.../** @type {NodeListOf<HTMLElement>} */ (list.querySelectorAll(".no a"))];
  const now = links.findIndex((link) => link.classList.contains("chosen"));
  const next = links[Math.min(Math.max(now + step, 0), links.length - 1)];
  if (!next) return;
  links[now]?.classList.remove("chosen");
  next.classList.add("chosen");
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape" && event.target === q) return q.blur();
  if (event.target instanceof Element && event.target.closest("input, select, textarea")) return;
  // By the position of the key, so that it is the same one with a Russian layout.
  if (event.code === "KeyJ") choose(1);
  else if (event.code === "KeyK") choose(-1);
  else if (event.code === "Slash") { event.preventDefault(); q.focus(); q.select(); }
});
