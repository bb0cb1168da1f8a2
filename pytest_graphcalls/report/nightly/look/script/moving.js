// The mouse and the arrows.

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
