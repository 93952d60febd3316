// What is wrong with the page for somebody who listens to it, cannot use a mouse, or holds a telephone.
(() => {
  const found = [];
  const shown = (one) => one.checkVisibility({ visibilityProperty: true }) && one.getClientRects().length > 0;
  const all = (selector) => [...document.querySelectorAll(selector)].filter(shown);
  const clean = (text) => (text ?? "").replace(/\s+/g, " ").trim();

  function nameOf(one) {
    if (one.getAttribute("aria-label")) return clean(one.getAttribute("aria-label"));
    if (one.labels?.length) return clean([...one.labels].map((label) => label.textContent).join(" "));
    const images = [...one.querySelectorAll("img")].map((image) => image.alt).join(" ");
    // What is not displayed has no part in a name; what is only out of sight has.
    return clean(`${images} ${one.innerText ?? ""}`);
  }
  const about = (one) => `${one.tagName.toLowerCase()} "${nameOf(one)}" ${one.getAttribute("href") ?? one.id ?? ""}`;

  const links = all("a[href]");
  const controls = all("button, summary, input:not([type=hidden]), select, textarea");
  for (const one of [...links, ...controls]) {
    if (nameOf(one) === "") found.push(`no name: ${one.outerHTML.slice(0, 90)}`);
  }
  const places = new Map();
  for (const one of [...links, ...all("button, summary")]) {
    const place = one.href ?? `${one.form?.action} ${one.tagName}${one.closest("details")?.id}`;
    const before = places.get(nameOf(one)) ?? place;
    if (before !== place) found.push(`one name for two places: ${about(one)}`);
    places.set(nameOf(one), place);
  }

  let level = 0;
  for (const heading of all("h1, h2, h3, h4, h5, h6")) {
    const now = Number(heading.tagName[1]);
    if (now > level + 1) found.push(`headings: ${heading.tagName} after H${level}: ${clean(heading.textContent)}`);
    level = now;
  }
  if (all("h1").length !== 1) found.push(`headings: ${all("h1").length} of the first level`);

  for (const one of [...links, ...controls]) {
    // A link within a sentence is as high as its line; whoever misses a box hits its label.
    const parent = one.parentElement;
    const inSentence = one.matches("p a, dd a, li a, span a") &&
      clean([...parent.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data).join("")).length > 12;
    if (inSentence || one.matches(".skip")) continue;
    const target = one.matches("input[type=radio], input[type=checkbox]") ? one.closest("label") ?? one : one;
    const { width, height } = target.getBoundingClientRect();
    if (width < 24 || height < 24) found.push(`small: ${about(one)} is ${width.toFixed(0)} by ${height.toFixed(0)}`);
  }

  const parse = (colour) => {
    const numbers = colour.match(/[\d.]+/g).map(Number);
    return { rgb: numbers.slice(0, 3), alpha: numbers[3] ?? 1 };
  };
  const light = (rgb) => {
    const [r, g, b] = rgb.map((c) => (c / 255 <= 0.03928 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  function groundOf(one) {
    for (let at = one; at !== null; at = at.parentElement) {
      const ground = parse(getComputedStyle(at).backgroundColor);
      if (ground.alpha === 1) return ground.rgb;
    }
    return [255, 255, 255];
  }
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const one = walker.currentNode.parentElement;
    if (clean(walker.currentNode.data) === "" || !shown(one) || one.closest(".hidden, .skip, option")) continue;
    const [a, b] = [light(parse(getComputedStyle(one).color).rgb), light(groundOf(one))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) found.push(`contrast: ${ratio.toFixed(2)} of "${clean(walker.currentNode.data).slice(0, 40)}"`);
  }

  // A telephone's window grows with a page that is too wide; what the page was given does not.
  if (document.documentElement.scrollWidth > document.documentElement.clientWidth) {
    found.push(`wider than the screen: ${document.documentElement.scrollWidth}`);
  }

  for (const one of [...links, ...controls]) {
    one.focus({ focusVisible: true });
    const style = getComputedStyle(one);
    if (document.activeElement === one && (style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2)) {
      found.push(`focus cannot be seen: ${about(one)}`);
    }
    // What has the focus is not covered by something that stays in its place while the page scrolls (WCAG 2.4.11).
    one.scrollIntoView({ block: "nearest" });
    const { left, top, width, height } = one.getBoundingClientRect();
    const [x, y] = [left + width / 2, top + height / 2];
    const above = document.elementFromPoint(x, y);
    const isFixed = (at) => at !== null && (["fixed", "sticky"].includes(getComputedStyle(at).position) || isFixed(at.parentElement));
    if (above !== null && !above.contains(one) && !one.contains(above) && isFixed(above) && !isFixed(one)) {
      found.push(`focus is covered: ${about(one)}`);
    }
  }
  document.activeElement?.blur();
  if (document.documentElement.lang === "") found.push("no language");

  // A password manager can fill in whatever a login asks for, so nobody has to remember or copy it (WCAG 3.3.8).
  const secrets = all("input[type=password], input[inputmode=numeric][name=code], input[name=code]");
  for (const one of secrets) {
    if (!/^(current-password|new-password|one-time-code)$/.test(one.autocomplete)) {
      found.push(`cannot be filled in: ${about(one)} has autocomplete "${one.autocomplete}"`);
    }
    if (one.onpaste !== null || one.readOnly) found.push(`cannot be pasted into: ${about(one)}`);
  }

  const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
  for (const id of new Set(ids.filter((one, place) => ids.indexOf(one) !== place))) found.push(`two of one id: ${id}`);
  for (const name of ["aria-describedby", "aria-labelledby", "list", "for"]) {
    for (const one of document.querySelectorAll(`[${name}]`)) {
      for (const id of one.getAttribute(name).split(/\s+/)) {
        if (!ids.includes(id)) found.push(`points at nothing: ${name}="${id}" of ${about(one)}`);
      }
    }
  }
  return found;
})();
