// What an agent with attention looks back at: a row a head, a column a moment, the present one on the right.

const ROW = 12; // its height, in CSS pixels
const GLIMPSE = 132; // width of the picture of the moment that is looked at most

/** Rows for all heads, and the moment that those which choose look at most; `show` goes to a moment. */
function buildPast(panel, side, show) {
  if (!side.heads) return null;
  const node = element("div", "past"), rows = element("div", "rows"), most = element("button", "most");
  node.append(element("div", "muted small seen-title", "What it looks back at"));
  const torsos = new Set(side.heads.map(({ torso }) => torso));
  const canvases = side.heads.map(({ torso, name }, head) => {
    if (torsos.size > 1 && side.heads[head - 1]?.torso !== torso) rows.append(element("div", "torso muted small", `What ${torso}`));
    const canvas = element("canvas");
    canvas.setAttribute("role", "img");
    canvas.onclick = (event) => show(side.window - 1 - Math.min(side.window - 1, Math.floor((event.offsetX / canvas.clientWidth) * side.window)));
    rows.append(element("span", "label muted small", name), canvas);
    return canvas;
  });
  const axis = element("div", "axis muted small");
  axis.append(element("span", "", `${side.window - 1} steps before`), element("span", "", "now"));
  rows.append(axis);
  const glimpse = element("canvas"), told = element("span", "small");
  most.type = "button";
  most.append(glimpse, told);
  most.onclick = () => show(most.back);
  node.append(rows, most);
  panel.append(node);
  return { node, canvases, most, glimpse, told };
}

/** What a head gives to each moment of its window; the present one is the last. */
function gazeAt(side, moment, head) {
  const start = (moment * side.heads.length + head) * side.window;
  return side.gaze.subarray(start, start + side.window);
}

function paintPast(past, side, moment) {
  if (!past) return;
  const { window: span } = side, mean = new Float32Array(span);
  const colour = getComputedStyle(past.node).getPropertyValue("--st-primary-color").trim() || "#7d6ff0";
  past.canvases.forEach((canvas, head) => {
    const gaze = gazeAt(side, moment, head), width = Math.max(1, canvas.parentElement.clientWidth - 96);
    const context = sized(canvas, width, ROW), pitch = width / span;
    context.fillStyle = colour;
    let best = span - 1;
    gaze.forEach((share, place) => {
      if (share > gaze[best]) best = place;
      context.globalAlpha = 0.06 + 0.94 * Math.sqrt(share / 255); // few look at one moment alone
      if (place >= span - 1 - moment) context.fillRect(place * pitch, 0, Math.max(1, pitch - (pitch > 5 ? 1 : 0)), ROW);
      if (side.heads[head].torso === "chooses") mean[place] += share;
    });
    canvas.setAttribute("aria-label", `${side.heads[head].name}: most at ${ago(span - 1 - best)}, ${percent(gaze[best] / 255)}`);
    canvas.title = canvas.getAttribute("aria-label");
  });
  const best = mean.indexOf(Math.max(...mean)), all = mean.reduce((sum, share) => sum + share, 0) || 1;
  past.most.back = span - 1 - best;
  paintScene(past.glimpse, side, moment - past.most.back, GLIMPSE);
  past.told.textContent = `Looks most at ${ago(past.most.back)}: ${percent(mean[best] / all)}`;
}

function ago(back) {
  return back ? `${back} step${back > 1 ? "s" : ""} before` : "the present";
}
