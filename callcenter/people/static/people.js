// Shows the company to managers and the crew to crews' members only.
const role = /** @type {HTMLSelectElement} */ (document.getElementById("role"));
const fields = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-role]"));

function show() {
  for (const field of fields) field.hidden = field.dataset.role !== role.value;
}

role.addEventListener("change", show);
show();
