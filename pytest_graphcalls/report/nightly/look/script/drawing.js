// The grid as it stands.

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
