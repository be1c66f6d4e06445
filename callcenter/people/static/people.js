// Shows the company to managers and the crew to crews' members only.
const role = document.getElementById("role");
const fields = document.querySelectorAll("[data-role]");

function show() {
  for (const field of fields) field.hidden = field.dataset.role !== role.value;
}

role.addEventListener("change", show);
show();
