// Tickets are chosen in the list for one action: all at once, or a range with Shift.

/**
 * @param {HTMLElement} list
 * @returns {() => void} to be called when the list is new
 */
export function startChoosing(list) {
  const bulk = /** @type {HTMLFormElement | null} */ (document.getElementById("bulk"));
  const boxes = () => [.../** @type {NodeListOf<HTMLInputElement>} */ (list.querySelectorAll("input[name=ticket]"))];
  /** @type {string | null} */
  let last = null;

  function show() {
    const all = /** @type {HTMLInputElement | null} */ (document.getElementById("choose-all"));
    const count = document.getElementById("bulk-count");
    if (!bulk || !all || !count) return;
    const chosen = boxes().filter((box) => box.checked).length;
    all.hidden = false;
    all.checked = chosen > 0 && chosen === boxes().length;
    all.indeterminate = chosen > 0 && !all.checked;
    count.hidden = chosen === 0;
    count.textContent = String(chosen);
    if (chosen) /** @type {HTMLDetailsElement} */ (bulk.querySelector("details")).open = true;
  }

  list.addEventListener("click", (event) => {
    const box = event.target;
    if (!(box instanceof HTMLInputElement) || box.type !== "checkbox") return;
    const all = boxes();
    if (box.id === "choose-all") for (const each of all) each.checked = box.checked;
    else {
      const from = all.findIndex((each) => each.value === last);
      if (event.shiftKey && from >= 0) {
        const to = all.indexOf(box);
        for (const each of all.slice(Math.min(from, to), Math.max(from, to) + 1)) each.checked = box.checked;
      }
      last = box.value;
    }
    show();
  });
  show();
  return show;
}
