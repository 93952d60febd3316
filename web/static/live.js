// Keeps the marked parts of a page fresh. Without it every page is complete, only not live.
"use strict";

const SECONDS_BETWEEN = 2;
const SECONDS_AFTER_FAILURE = 10;

function openDetails(part) {
  return [...part.querySelectorAll("details[open][id]")].map((one) => one.id);
}

function choicesIn(part) {
  // What a person has ticked or chosen and not sent yet; it must outlive the next look at the server.
  const ticked = [...part.querySelectorAll("input[type=checkbox]")].filter((one) => one.checked !== one.defaultChecked);
  const chosen = [...part.querySelectorAll("select[id]")].map((one) => [one.id, one.value]);
  return { ticked: ticked.map((one) => [one.name, one.value, one.checked]), chosen };
}

function chooseAgain(part, choices) {
  for (const [name, value, checked] of choices.ticked) {
    for (const one of part.querySelectorAll("input[type=checkbox]")) {
      if (one.name === name && one.value === value) {
        one.checked = checked;
      }
    }
  }
  for (const [id, value] of choices.chosen) {
    const select = document.getElementById(id);
    if (select !== null && [...select.options].some((one) => one.value === value)) {
      select.value = value;
    }
  }
}

function isInUse(part) {
  // No interruption while a person types, has a button focused or marks text.
  const selection = document.getSelection();
  const marking = selection !== null && !selection.isCollapsed && part.contains(selection.anchorNode);
  return marking || (part.contains(document.activeElement) && document.activeElement !== document.body);
}

function announce(text) {
  // A status line that exists from the start: screen readers read out new text in it, and nothing else.
  const line = document.getElementById("news");
  if (line !== null && text !== "") {
    line.textContent = text;
  }
}

function newsOf(part) {
  return part.querySelector("[data-news]")?.textContent.trim().replace(/\s+/g, " ") ?? "";
}

function replace(part, html) {
  const open = openDetails(part);
  const choices = choicesIn(part);
  const before = newsOf(part);
  // The fragment is one of our own pages, escaped by the server like every other.
  part.innerHTML = html;
  for (const id of open) {
    const details = document.getElementById(id);
    if (details !== null) {
      details.open = true;
    }
  }
  chooseAgain(part, choices);
  part.dispatchEvent(new Event("live-replaced", { bubbles: true }));
  if (newsOf(part) !== before) {
    announce(newsOf(part));
  }
}

let wasLive = true;

function say(on) {
  if (on !== wasLive) {
    announce(on ? "The page is live again." : "The page is not live: the server does not answer.");
    wasLive = on;
  }
  for (const sign of document.querySelectorAll(".live")) {
    sign.classList.toggle("on", on);
    sign.textContent = on ? "Live" : "Not live";
  }
}

async function refresh(part, shown) {
  const answer = await fetch(part.dataset.live, { headers: { "X-Live": "1" }, cache: "no-store", redirect: "error" });
  if (answer.status === 401) {
    // The session has ended: reloading the page leads to the login and back.
    window.location.reload();
    return shown;
  }
  if (!answer.ok) {
    throw new Error(`the server answered ${answer.status}`);
  }
  const html = await answer.text();
  if (html !== shown && !isInUse(part)) {
    replace(part, html);
    return html;
  }
  return html === shown ? shown : null;
}

async function keepFresh(part) {
  let shown = null;
  for (;;) {
    let pause = SECONDS_BETWEEN;
    if (!document.hidden) {
      try {
        const began = performance.now();
        shown = await refresh(part, shown);
        // A slow server is asked less often.
        pause = Math.max(pause, (5 * (performance.now() - began)) / 1000);
        say(true);
      } catch {
        say(false);
        pause = SECONDS_AFTER_FAILURE;
      }
    }
    await new Promise((done) => setTimeout(done, pause * 1000));
  }
}

for (const part of document.querySelectorAll("[data-live]")) {
  keepFresh(part);
}
