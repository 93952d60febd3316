// Counts what a person has ticked in a list. Without it the same buttons work on what is ticked or chosen.
"use strict";

function ticksOf(form) {
  return [...form.querySelectorAll(`input[type=checkbox][name=${form.dataset.choose}]`)];
}

function count(form) {
  const which = form.querySelector("select[name=which]");
  const ticked = ticksOf(form).filter((one) => one.checked).length;
  const known = which.selectedOptions[0].dataset.count;
  const chosen = which.value === "ticked" ? ticked : Number(known ?? 0);
  for (const place of form.querySelectorAll("[data-chosen]")) {
    place.textContent = chosen === 0 ? "" : ` ${chosen.toLocaleString(document.documentElement.dataset.writing)} ${place.dataset.chosen}${chosen === 1 ? "" : "s"}`;
  }
}

function formOf(event) {
  return event.target instanceof Element ? event.target.closest("form[data-choose]") : null;
}

document.addEventListener("change", (event) => {
  const form = formOf(event);
  const which = form?.querySelector("select[name=which]");
  if (!which) {
    return;
  }
  if (event.target === which) {
    for (const one of ticksOf(form)) {
      one.checked = which.value !== "ticked";
    }
  } else if (event.target.name === form.dataset.choose) {
    which.value = "ticked";
  }
  count(form);
});

document.addEventListener("reset", (event) => {
  const form = formOf(event);
  if (form?.querySelector("select[name=which]")) {
    // The form is emptied after this event.
    setTimeout(() => count(form));
  }
});

document.addEventListener("live-replaced", (event) => {
  for (const form of event.target.querySelectorAll("form[data-choose]")) {
    if (form.querySelector("select[name=which]")) {
      count(form);
    }
  }
});
