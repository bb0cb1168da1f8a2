// Filters, search, and the strip of all nights.

function chips() {
  const counts = {};
  for (const rule of rules) counts[letter(rule, tonight)] = (counts[letter(rule, tonight)] || 0) + 1;
  const options = [["", "all", rules.length], ...Object.keys(STATES).filter((key) => counts[key] && key !== " ").map((key) => [key, STATES[key][0], counts[key]])];
  const row = make("fieldset", { class: "chips" }, make("legend", {}, "Status tonight"));
  for (const [value, name, count] of [...options, ["moved", "not always held in these nights", null]]) {
    const state = STATES[value];
    row.append(
      make("label", {},
        make("input", { type: "radio", name: "status", value, checked: value === "", on: { change: () => choose({ status: value }) } }),
        state ? make("span", { class: `key ${state[1]}`, "aria-hidden": "true" }, state[2]) : null,
        name, count === null ? null : make("span", { class: "count" }, count.toLocaleString("en"))),
    );
  }
  return row;
}

function select(label, name, options) {
  return make("label", {}, label,
    make("select", { name, on: { change: (event) => choose({ [name]: event.target.value }) } },
      ...options.map(([value, text]) => make("option", { value }, text))));
}

const distinct = (name) => [...new Set(rules.map((rule) => rule[name]))].sort().map((value) => [value, value]);

function overview() {
  const space = "http://www.w3.org/2000/svg";
  const picture = document.createElementNS(space, "svg");
  const set = (element, attributes) => {
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  };
  set(picture, { class: "overview", viewBox: `0 0 ${nights.length} 22`, preserveAspectRatio: "none", "aria-hidden": "true" });
  let from = 0;
  for (let night = 1; night <= nights.length; night += 1) {
    if (night < nights.length && nights[night][2] === nights[from][2]) continue;
    picture.append(set(document.createElementNS(space, "rect"), { class: `o-${nights[from][2]}`, x: from, y: 4, width: night - from, height: 14 }));
    from = night;
  }
  picture.append(set(document.createElementNS(space, "rect"), { class: "frame", y: 1, height: 20, rx: 0 }));
  picture.addEventListener("click", (event) => {
    const place = picture.getBoundingClientRect();
    const at = Math.floor(((event.clientX - place.left) / place.width) * nights.length);
    choose({ end: at + Math.floor((span[1] - span[0]) / 2) });
  });
  return picture;
}

function choose(change) {
  Object.assign(view, change);
  draw();
}

function step(direction) {
  choose({ end: view.end + direction * Math.max(1, span[1] - span[0]) });
}

function build() {
  table = make("table", {
    id: "grid", role: "grid", "aria-label": "How each rule stood, night by night", "aria-describedby": "grid-help",
    on: { click: clicked, keydown: pressed, focusin: focused, pointermove: hovered, pointerleave: () => { tip.hidden = true; } },
  });
  document.getElementById("grid").replaceWith(table);
  const across = [["0", "as many as fit"], ...[30, 90, 200].filter((count) => count < nights.length).map((count) => [String(count), `${count}, if they fit`]), ...(nights.length <= 200 ? [[String(nights.length), `all ${nights.length}, if they fit`]] : [])];
  tools.append(
    make("p", { class: "about", id: "grid-help" }, "Each column is a night. Point at a square to see what it is, and open it for the exchange; with the keyboard, use the arrows and Enter."),
    chips(),
    make("div", { class: "tools" },
      make("label", {}, "Text", make("input", { type: "search", name: "text", placeholder: "rule, or what it says", on: { input: (event) => choose({ text: event.target.value.trim().toLowerCase() }) } })),
      select("Operation", "operation", [["", "all"], ...distinct("operation")]),
      select("Version", "version", [["", "all"], ...distinct("version")]),
      make("label", {}, "Nights across", make("select", { name: "across", on: { change: (event) => choose({ across: Number(event.target.value) }) } }, ...across.map(([value, text]) => make("option", { value }, text)))),
    ),
    make("div", { class: "wander" },
      make("button", { type: "button", class: "older", on: { click: () => step(-1) } }, "‹ Older"),
      make("button", { type: "button", class: "newer", on: { click: () => step(1) } }, "Newer ›"),
      make("span", { class: "span" }), make("span", { class: "found", role: "status" })),
    overview(),
    make("input", { type: "range", class: "to-night", min: 0, max: tonight, "aria-label": "Last night in view", on: { input: (event) => choose({ end: Number(event.target.value) }) } }),
  );
  tools.hidden = false;
  draw();
  let width = box.clientWidth;
  new ResizeObserver(() => {
    if (Math.abs(box.clientWidth - width) > 1) {
      width = box.clientWidth;
      draw();
    }
  }).observe(box);
}
