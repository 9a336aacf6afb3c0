// Copies what a button names, and says so to whoever cannot see it. Everything else works
// without script, or is htmx's.
"use strict";
document.documentElement.classList.add("js");
document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-copy]");
  if (!button) return;
  let word = "Copied";
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
  } catch {
    word = "Not copied";
  }
  button.textContent = word;
  document.getElementById("said").textContent = word;
  setTimeout(() => { button.textContent = "Copy"; }, 1500);
});
