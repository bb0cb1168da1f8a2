"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const { nights, rules } = data;
  const box = document.getElementById("grid-box");
  const tools = document.getElementById("grid-tools");
  const panel = document.getElementById("panel");
  const tip = document.getElementById("tip");
  const tonight = nights.length - 1;

  // By letter of the data: what it is called, its style, and its sign for who sees no colour.
  const STATES = {
    ".": ["held", "s-held", ""],
    "!": ["broken", "s-broken", "✕"],
    "*": ["notice", "s-notice", "!"],
    "?": ["could not check", "s-could", "?"],
    "-": ["not checked", "s-idle", "–"],
    " ": ["not there yet", "s-none", ""],
  };
  const OUTCOMES = {
    "no-drift": "no drift", additive: "additive", behavioural: "behavioural", breaking: "breaking",
    "could-not-check": "could not check", incomplete: "did not come to its end",
  };
  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const LEAST = 3; // pixels of the narrowest column that can still be pointed at
  const WIDE = 18; // pixels of a column that has room for a sign

  const day = (night) => {
    const [year, month, date] = nights[night][1].slice(0, 10).split("-").map(Number);
    return `${date} ${MONTHS[month - 1]} ${year}`;
  };
  const plural = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;

  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name === "on") for (const [event, handler] of Object.entries(value)) element.addEventListener(event, handler);
      else if (value !== false && value !== null) element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children.filter((child) => child !== null));
    return element;
  }
  const escaped = (text) => text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);

  const view = { status: "", operation: "", version: "", text: "", across: 0, end: tonight, row: 0, night: tonight };
  let shown = rules; // rules that pass the filters
  let span = [0, tonight]; // nights in view
  let table = null;

  const letter = (rule, night) => rule.states[night];

  // ---- what is chosen

  function passes(rule) {
    if (view.operation && rule.operation !== view.operation) return false;
    if (view.version && rule.version !== view.version) return false;
    if (view.text && !`${rule.id} ${rule.says}`.toLowerCase().includes(view.text)) return false;
    if (view.status === "moved") return /[!*?]/.test(rule.states.slice(span[0], span[1] + 1));
    return !view.status || letter(rule, tonight) === view.status;
  }

  function chosen() {
    const room = Math.max(120, box.clientWidth - nameWidth() - 4);
    const fit = Math.max(1, Math.floor(room / WIDE));
    const most = Math.max(1, Math.floor(room / LEAST));
    const count = Math.min(nights.length, most, view.across || fit);
    view.end = Math.min(tonight, Math.max(count - 1, view.end));
    span = [view.end - count + 1, view.end];
    shown = rules.filter(passes);
    return room / count;
  }
  const nameWidth = () => Math.min(400, Math.max(190, box.clientWidth * 0.36));

  // ---- drawing

  function draw() {
    const width = Math.min(26, chosen());
    const [first, last] = span;
    view.night = Math.min(last, Math.max(first, view.night));
    view.row = Math.min(Math.max(0, view.row), shown.length);
    const html = [head(first, last), "<tbody>", nightRow(first, last)];
    let operation = "";
    shown.forEach((rule, index) => {
      if (rule.operation !== operation) {
        operation = rule.operation;
        html.push(`<tr class="group" role="row"><th role="rowheader" colspan="${last - first + 3}">${escaped(operation)}</th></tr>`);
      }
      html.push(ruleRow(rule, index + 1, first, last));
    });
    html.push("</tbody>");
    const names = nameWidth();
    table.innerHTML = `<colgroup><col width="${names}"><col span="${last - first + 1}" width="${width}"><col></colgroup>${html.join("")}`;
    table.className = `drawn ${width >= 12 ? "roomy" : "narrow"}`;
    table.setAttribute("aria-colcount", nights.length + 1);
    table.setAttribute("aria-rowcount", shown.length + 2);
    mark();
    say();
  }

  function head(first, last) {
    const cells = ['<th class="corner" role="columnheader" aria-colindex="1">Rule</th>'];
    let from = first;
    for (let night = first + 1; night <= last + 1; night += 1) {
      if (night <= last && nights[night][1].slice(0, 7) === nights[from][1].slice(0, 7)) continue;
      const [year, month] = nights[from][1].split("-");
      const name = MONTHS[month - 1] + (month === "01" || from === first ? ` ${year}` : "");
      const label = night - from > 2 ? name : "";
      cells.push(`<th class="month" role="columnheader" aria-colindex="${from + 2}" colspan="${night - from}">${label || `<span class="unseen">${name}</span>`}</th>`);
      from = night;
    }
    return `<thead><tr role="row" aria-rowindex="1">${cells.join("")}<th role="presentation"></th></tr></thead>`;
  }

  function nightRow(first, last) {
    const cells = [];
    for (let night = first; night <= last; night += 1) {
      const outcome = nights[night][2];
      cells.push(`<td role="gridcell" tabindex="-1" class="n-${outcome}" aria-colindex="${night + 2}" aria-label="${OUTCOMES[outcome]}"></td>`);
    }
    return `<tr class="all" role="row" aria-rowindex="2" data-row="0"><th scope="row" role="rowheader">The whole night</th>${cells.join("")}</tr>`;
  }

  function ruleRow(rule, row, first, last) {
    const slug = rule.id.slice(rule.operation.length + 1) || rule.id;
    let cells = "";
    for (let night = first; night <= last; night += 1) {
      const [name, style] = STATES[letter(rule, night)];
      cells += `<td role="gridcell" tabindex="-1" class="${style}" aria-colindex="${night + 2}" aria-label="${name}"></td>`;
    }
    return `<tr role="row" aria-rowindex="${row + 2}" data-row="${row}"><th scope="row" role="rowheader" title="${escaped(slug)}"><span class="version">${escaped(rule.version)}</span>${escaped(slug)}</th>${cells}</tr>`;
  }

  const cellAt = (row, night) => table.querySelector(`tr[data-row="${row}"]`)?.cells[night - span[0] + 1];

  function mark(focus = false) {
    table.querySelector('td[tabindex="0"]')?.setAttribute("tabindex", "-1");
    const cell = cellAt(view.row, view.night);
    if (!cell) return;
    cell.setAttribute("tabindex", "0");
    if (focus) {
      cell.focus({ preventScroll: true });
      cell.scrollIntoView({ block: "nearest" });
    }
  }

  function say() {
    const [first, last] = span;
    tools.querySelector(".span").textContent = `${day(first)} to ${day(last)} · ${plural(last - first + 1, "night")}`;
    tools.querySelector(".found").textContent = `${shown.length.toLocaleString("en")} of ${plural(rules.length, "rule")}`;
    tools.querySelector(".older").disabled = first === 0;
    tools.querySelector(".newer").disabled = last === tonight;
    const range = tools.querySelector(".to-night");
    range.min = last - first;
    range.value = last;
    range.setAttribute("aria-valuetext", `up to ${day(last)}`);
    range.hidden = tools.querySelector(".overview").hidden = last - first === tonight;
    const frame = tools.querySelector(".frame");
    frame.setAttribute("x", first);
    frame.setAttribute("width", last - first + 1);
    let none = box.querySelector(".empty");
    if (!shown.length && !none) box.append(make("p", { class: "empty" }, "No rule is like that. Take a filter away."));
    if (shown.length && none) none.remove();
  }

  // ---- tools

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

  // ---- moving about

  function placed(cell) {
    return { row: Number(cell.parentNode.dataset.row), night: cell.cellIndex - 1 + span[0] };
  }

  function clicked(event) {
    const cell = event.target.closest("td");
    if (!cell || cell.parentNode.dataset.row === undefined) return;
    Object.assign(view, placed(cell));
    mark(true);
    open();
  }

  function focused(event) {
    if (event.target.tagName !== "TD") return;
    const { row, night } = placed(event.target);
    if (event.target.matches(":focus-visible")) showTip(event.target, row, night);
  }

  const MOVES = {
    ArrowLeft: () => [0, -1], ArrowRight: () => [0, 1], ArrowUp: () => [-1, 0], ArrowDown: () => [1, 0],
    PageUp: () => [-10, 0], PageDown: () => [10, 0],
    Home: (event) => [event.ctrlKey ? -shown.length : 0, span[0] - view.night],
    End: (event) => [event.ctrlKey ? shown.length : 0, span[1] - view.night],
  };

  function pressed(event) {
    if (event.target.tagName !== "TD") return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      open();
      return;
    }
    const move = MOVES[event.key];
    if (!move) return;
    event.preventDefault();
    const [down, right] = move(event);
    view.row = Math.min(shown.length, Math.max(0, view.row + down));
    view.night = Math.min(tonight, Math.max(0, view.night + right));
    if (view.night < span[0] || view.night > span[1]) {
      const width = span[1] - span[0];
      view.end = view.night < span[0] ? view.night + width - Math.floor(width / 4) : view.night + Math.floor(width / 4);
      draw();
    }
    mark(true);
  }

  // ---- saying what it is

  const ruleAt = (row) => (row ? shown[row - 1] : null);

  function hovered(event) {
    const cell = event.target.closest("td");
    if (!cell || cell.parentNode.dataset.row === undefined) {
      tip.hidden = true;
      return;
    }
    const { row, night } = placed(cell);
    showTip(cell, row, night);
  }

  function showTip(cell, row, night) {
    const rule = ruleAt(row);
    const state = rule ? STATES[letter(rule, night)][0] : OUTCOMES[nights[night][2]];
    tip.replaceChildren(make("b", {}, `${state[0].toUpperCase()}${state.slice(1)} on ${day(night)}`), rule ? rule.says || rule.id : `${plural(nights[night][4].length, "difference")} seen`);
    tip.hidden = false;
    const at = cell.getBoundingClientRect();
    tip.style.left = `${Math.max(8, Math.min(at.left, innerWidth - tip.offsetWidth - 8))}px`;
    const under = at.bottom + 8;
    tip.style.top = `${under + tip.offsetHeight > innerHeight ? at.top - tip.offsetHeight - 8 : under}px`;
  }
  addEventListener("scroll", () => { tip.hidden = true; }, true);
  addEventListener("keydown", (event) => { if (event.key === "Escape") tip.hidden = true; });

  // ---- the panel

  let subject = null;

  function open() {
    subject = { rule: ruleAt(view.row), night: view.night };
    tip.hidden = true;
    fill();
    if (!panel.open) panel.showModal();
    panel.scrollTop = 0;
  }

  function walk(direction) {
    subject.night += direction;
    view.night = subject.night;
    if (view.night < span[0] || view.night > span[1]) choose({ end: view.night + (direction < 0 ? span[1] - span[0] : 0) });
    mark();
    fill();
    const button = panel.querySelector(direction < 0 ? ".before" : ".after");
    (button.disabled ? panel.querySelector(".close") : button).focus();
  }

  function fill() {
    const { rule, night } = subject;
    const top = make("div", { class: "panel-head" },
      make("button", { type: "button", class: "before", disabled: night === 0, on: { click: () => walk(-1) } }, "‹ Night before"),
      make("button", { type: "button", class: "after", disabled: night === tonight, on: { click: () => walk(1) } }, "Night after ›"),
      make("button", { type: "button", class: "close", on: { click: () => panel.close() } }, "Close"));
    panel.replaceChildren(top, make("div", { class: "panel-body" }, ...(rule ? ofRule(rule, night) : ofNight(night))));
    addCopies(panel);
  }

  function fact(name, ...value) {
    return make("div", {}, make("dt", {}, name), make("dd", {}, ...value));
  }

  function ofRule(rule, night) {
    const mark = letter(rule, night);
    const [name, style, sign] = STATES[mark];
    const facts = [
      fact("State", make("span", { class: "state" }, make("span", { class: `key ${style}`, "aria-hidden": "true" }, sign), name + lasting(rule, night))),
      fact("Night", `${day(night)}, against ${data.targets[nights[night][3]]}`),
      fact("Version", rule.version),
    ];
    if (rule.evidence) facts.push(fact("Evidence", rule.evidence));
    facts.push(fact("Last checked live", rule.live < 0 ? "never in these nights" : day(rule.live)));
    if (rule.page) facts.push(fact("Stated on", make("a", { href: rule.page, rel: "noreferrer" }, rule.page.replace(/^https?:\/\/(www\.)?|\?.*$/g, ""))));
    if (night === tonight && rule.reason) facts.push(fact("Why", rule.reason));
    const range = rule.broken.find(([from, to]) => from <= night && night <= to);
    const found = range ? range[2].map((number) => data.fingerprints[number]) : related(rule, night);
    return [
      make("h2", { id: "panel-title" }, rule.id),
      rule.says ? make("p", { class: "says" }, rule.says) : null,
      make("dl", { class: "facts" }, ...facts),
      ...differences(found, mark === "!" ? "The history names no difference for this night." : ""),
    ].filter(Boolean);
  }

  // A notice names no difference of its own, so those that speak of the rule are shown.
  function related(rule, night) {
    return nights[night][4].map((number) => data.fingerprints[number]).filter((one) => {
      const subjectOf = document.getElementById(`d-${one}`)?.querySelector("summary .what code");
      return subjectOf && subjectOf.textContent === rule.id;
    });
  }

  function lasting(rule, night) {
    let from = night;
    while (from > 0 && letter(rule, from - 1) === letter(rule, night)) from -= 1;
    return from < night ? `, since ${day(from)}` : "";
  }

  function ofNight(night) {
    const [id, started, outcome, target, found] = nights[night];
    const counts = {};
    for (const rule of rules) counts[letter(rule, night)] = (counts[letter(rule, night)] || 0) + 1;
    const states = Object.keys(STATES).filter((key) => counts[key] && key !== " ").map((key) => `${counts[key]} ${STATES[key][0]}`);
    return [
      make("h2", { id: "panel-title" }, day(night)),
      make("p", { class: "says" }, `${OUTCOMES[outcome][0].toUpperCase()}${OUTCOMES[outcome].slice(1)}.`),
      make("dl", { class: "facts" }, fact("Rules", states.join(", ") || "none"), fact("Target", data.targets[target]), fact("Began", started.replace("T", " ").replace("Z", " UTC")), fact("Run", make("code", {}, id))),
      ...differences(found.map((number) => data.fingerprints[number]), "No difference was seen."),
    ];
  }

  function differences(fingerprints, otherwise) {
    if (!fingerprints.length) return otherwise ? [make("p", { class: "note" }, otherwise)] : [];
    return fingerprints.flatMap((fingerprint) => {
      const title = make("h3", {}, "Difference ", make("code", {}, fingerprint));
      const open = document.getElementById(`d-${fingerprint}`);
      const kept = document.getElementById(`t-${fingerprint}`);
      if (open) return [title, open.querySelector("summary .what").cloneNode(true), detached(open.querySelector(".detail"))];
      if (kept) return [title, make("div", { class: "detail" }, kept.content.cloneNode(true))];
      return [title, make("p", { class: "note" }, "This page holds no more of it.")];
    });
  }

  function detached(element) {
    const copy = element.cloneNode(true);
    copy.querySelectorAll(".copy").forEach((one) => one.remove());
    return copy;
  }

  panel.addEventListener("click", (event) => { if (event.target === panel) panel.close(); });
  panel.addEventListener("close", () => mark(true));

  // ---- the rest of the page

  function addCopies(root) {
    for (const command of root.querySelectorAll(".command")) {
      if (command.querySelector(".copy")) continue;
      const text = command.querySelector("pre");
      const button = make("button", { type: "button", class: "copy" }, "Copy");
      button.addEventListener("click", async () => {
        try {
          await navigator.clipboard.writeText(text.textContent);
          button.textContent = "Copied";
        } catch {
          getSelection().selectAllChildren(text);
          button.textContent = "Selected";
        }
        setTimeout(() => { button.textContent = "Copy"; }, 1500);
      });
      command.append(button);
    }
  }

  function follow() {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    if (target?.tagName === "DETAILS") {
      target.open = true;
      target.scrollIntoView();
    }
  }

  addEventListener("hashchange", follow);
  addEventListener("beforeprint", () => document.querySelectorAll("#differences details").forEach((one) => { one.open = true; }));
  build();
  addCopies(document);
  follow();
})();
