// What is under the pointer, in words.

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
