// Changes of a page that leave alone whatever is as it should be: the focus, what is typed and the scroll stay.

/**
 * @param {Element | null} element
 * @param {string} text
 */
export function put(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

/**
 * A list of rows, each the same element as long as its key is there.
 *
 * @template T
 * @param {HTMLElement} list
 * @param {T[]} rows
 * @param {(row: T) => string | number} key
 * @param {(row: T) => HTMLElement} make
 * @param {(item: HTMLElement, row: T) => void} change
 */
export function keyed(list, rows, key, make, change = () => {}) {
  const left = new Map([.../** @type {HTMLCollectionOf<HTMLElement>} */ (list.children)].map((item) => [item.dataset.key, item]));
  let place = list.firstElementChild;
  for (const row of rows) {
    const name = String(key(row));
    const known = left.get(name);
    left.delete(name);
    const item = known ?? make(row);
    item.dataset.key = name;
    change(item, row);
    if (item === place) place = place.nextElementSibling;
    else list.insertBefore(item, place);
  }
  for (const item of left.values()) item.remove();
}
