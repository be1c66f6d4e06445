// Prints the page; without scripts the browser's own menu does.
const button = /** @type {HTMLButtonElement} */ (document.getElementById("print"));
button.addEventListener("click", () => window.print());
button.hidden = false;
