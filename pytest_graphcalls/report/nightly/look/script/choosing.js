// Which rules and nights are in view.

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
