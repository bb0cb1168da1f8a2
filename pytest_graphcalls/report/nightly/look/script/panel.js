// What is behind a square.

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
