import { $ } from "/static/web/ui.js";

const search = /** @type {HTMLInputElement} */ ($("house-search"));
const list = /** @type {HTMLSelectElement} */ ($("house"));
const chosen = $("chosen");

/** @param {string} text */
const words = (text) => text.toLocaleLowerCase().replaceAll("ё", "е").split(/[\s,.]+/).filter(Boolean);

/**
 * Whether each word that was typed begins a word of the address: `мира 7` finds `Мира, 7` and `Мира, 70`.
 * @param {string} address
 * @param {string[]} typed
 */
function fits(address, typed) {
  const parts = words(address);
  return typed.every((word) => parts.some((part) => part.startsWith(word)));
}

function filter() {
  const typed = words(search.value);
  for (const option of list.options) option.hidden = !fits(option.text, typed);
}

function count() {
  chosen.textContent = (chosen.dataset.text ?? "").replace("{count}", String(list.selectedOptions.length));
}

search.addEventListener("input", filter);
search.addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  event.preventDefault();
  const first = [...list.options].find((option) => !option.hidden);
  if (first) first.selected = true;
  search.value = "";
  filter();
  count();
});
list.addEventListener("change", count);
$("all-shown").addEventListener("click", () => {
  for (const option of list.options) if (!option.hidden) option.selected = true;
  count();
});
count();
