// A generator's pictures of the same noise through its training: a sheet, one picture's course, and a slider.

const TICK = 140; // milliseconds from one moment to the next while it plays
const PLOT = 64; // height of a figure's curve
const CELL = 38; // edge of a picture in the course of one
const GAP = 2;

function build(root) {
  root.replaceChildren();
  const bar = element("div", "bar"), play = element("button", "play"), slider = element("input");
  play.type = "button";
  [slider.type, slider.min, slider.step] = ["range", 0, 1];
  slider.setAttribute("aria-label", "Moment of the training");
  const told = element("output", "number");
  bar.append(play, slider, told);
  const views = element("div", "views"), sheet = element("canvas", "sheet"), course = element("div", "course");
  const strip = element("canvas", "strip"), title = element("div", "muted");
  for (const [canvas, label] of [[sheet, "Pictures at this moment"], [strip, "One picture through the training"]]) {
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", label);
  }
  const curves = element("div", "curves");
  course.append(title, strip, curves);
  views.append(sheet, course);
  root.append(bar, views);
  Object.assign(root, { play, slider, told, sheet, strip, heading: title, curves, at: 0, picked: 0 });
  slider.oninput = () => {
    halt(root);
    go(root, Number(slider.value));
  };
  play.onclick = () => (root.timer ? halt(root) : start(root));
  sheet.onclick = (event) => {
    const box = sheet.getBoundingClientRect(), side = root.data.side;
    const [x, y] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    root.picked = Math.min(side - 1, Math.floor(y * side)) * side + Math.min(side - 1, Math.floor(x * side));
    paint(root);
  };
  strip.onclick = (event) => {
    const box = strip.getBoundingClientRect();
    const column = Math.floor((event.clientX - box.left) / (CELL + GAP));
    const moment = Math.floor((event.clientY - box.top) / (CELL + GAP)) * root.across + Math.min(column, root.across - 1);
    if (moment < root.data.steps.length) {
      halt(root);
      go(root, moment);
    }
  };
}

function start(root) {
  const last = root.data.steps.length - 1;
  if (root.at >= last) go(root, 0);
  root.timer = setInterval(() => {
    if (!root.isConnected || root.at >= root.data.steps.length - 1) return halt(root);
    go(root, root.at + 1);
  }, TICK);
  name(root);
}

function halt(root) {
  clearInterval(root.timer);
  root.timer = undefined;
  name(root);
}

function name(root) {
  root.play.textContent = root.timer ? "❚❚" : "▶";
  root.play.setAttribute("aria-label", root.timer ? "Pause" : "Play");
}

function go(root, moment) {
  root.at = moment;
  paint(root);
}

/** The picture of one noise at one moment, to be drawn from; made when it is first shown. */
function tile(root, moment, which) {
  const { data } = root, place = moment * data.side ** 2 + which;
  if (!root.tiles[place]) {
    const size = data.height * data.width * data.depth;
    const pixels = root.pixels.subarray(place * size, (place + 1) * size);
    root.tiles[place] = picture(data.width, data.height, natural(pixels, data.depth));
  }
  return root.tiles[place];
}

function paint(root) {
  const { data, at, picked } = root, steps = data.steps;
  root.slider.max = steps.length - 1;
  root.slider.value = at;
  root.told.textContent = `step ${steps[at].toLocaleString("en")}`;
  root.slider.setAttribute("aria-valuetext", root.told.textContent);
  const colour = getComputedStyle(root).getPropertyValue("--st-primary-color").trim();
  paintSheet(root, colour);
  paintStrip(root, colour);
  root.heading.textContent = `Picture ${picked + 1} through the training. Click another in the sheet.`;
  for (const curve of root.curves.children) paintCurve(root, curve, colour);
}

function paintSheet(root, colour) {
  const { data, at, picked } = root, side = data.side;
  const room = Math.min(root.clientWidth, 420), edge = Math.floor((room - (side - 1) * GAP) / side);
  const tall = (edge * data.height) / data.width;
  const context = sized(root.sheet, side * (edge + GAP) - GAP, side * (tall + GAP) - GAP);
  for (let i = 0; i < side ** 2; i++) {
    const [x, y] = [(i % side) * (edge + GAP), Math.floor(i / side) * (tall + GAP)];
    context.drawImage(tile(root, at, i), x, y, edge, tall);
    if (i === picked) frame(context, x, y, edge, tall, colour);
  }
}

function paintStrip(root, colour) {
  const { data, at, picked } = root, count = data.steps.length;
  const room = root.heading.clientWidth || root.clientWidth;
  root.across = Math.max(1, Math.min(count, Math.floor((room + GAP) / (CELL + GAP))));
  const rows = Math.ceil(count / root.across);
  const context = sized(root.strip, root.across * (CELL + GAP) - GAP, rows * (CELL + GAP) - GAP);
  for (let i = 0; i < count; i++) {
    const [x, y] = [(i % root.across) * (CELL + GAP), Math.floor(i / root.across) * (CELL + GAP)];
    context.drawImage(tile(root, i, picked), x, y, CELL, CELL);
    if (i === at) frame(context, x, y, CELL, CELL, colour);
  }
}

function frame(context, x, y, width, height, colour) {
  context.strokeStyle = colour;
  context.lineWidth = 3;
  context.strokeRect(x + 1.5, y + 1.5, width - 3, height - 3);
}

/** Where a step lies along the slider, whose moments are the closer the earlier: 0 to 1. */
function placeOf(steps, step) {
  let after = steps.findIndex((each) => each >= step);
  if (after < 0) after = steps.length - 1;
  if (after === 0 || steps.length < 2) return 0;
  const share = (step - steps[after - 1]) / (steps[after] - steps[after - 1]);
  return (after - 1 + Math.min(1, share)) / (steps.length - 1);
}

function paintCurve(root, node, colour) {
  const { steps } = root.data, figure = root.data.figures[node.index];
  const values = figure.points.map(([, value]) => value), now = steps[root.at];
  const least = Math.min(...values), most = Math.max(...values);
  const width = Math.max(120, node.clientWidth), context = sized(node.lastChild, width, PLOT);
  const x = (step) => 3 + placeOf(steps, step) * (width - 6);
  const y = (value) => PLOT - 4 - ((value - least) / (most - least || 1)) * (PLOT - 8);
  context.strokeStyle = colour;
  context.lineWidth = 2;
  context.beginPath();
  figure.points.forEach(([step, value], i) => context[i ? "lineTo" : "moveTo"](x(step), y(value)));
  context.stroke();
  context.strokeStyle = getComputedStyle(root).getPropertyValue("--st-text-color").trim();
  context.lineWidth = 1;
  context.globalAlpha = 0.5;
  context.strokeRect(x(now), 0, 0, PLOT);
  const before = figure.points.filter(([step]) => step <= now).pop();
  node.firstChild.lastChild.textContent = before ? before[1].toPrecision(3) : "not measured yet";
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  if (!root.slider) build(root);
  const follows = root.data?.key === data.key; // the same training, perhaps grown
  const atEnd = !follows || root.at >= root.data.steps.length - 1;
  if (!follows) halt(root);
  if (root.pixelsText !== data.pixels) {
    root.pixelsText = data.pixels;
    root.pixels = bytes(data.pixels);
    root.tiles = [];
  }
  root.data = data;
  root.picked = Math.min(root.picked, data.side ** 2 - 1);
  if (atEnd && !root.timer) root.at = data.steps.length - 1;
  name(root);
  root.curves.replaceChildren(...data.figures.map((figure, index) => {
    const node = element("section", "curve"), head = element("div", "head"), canvas = element("canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", figure.name);
    head.append(element("span", "", figure.name), element("span", "number"));
    node.append(head, canvas);
    node.index = index;
    return node;
  }));
  const repaint = () => paint(root);
  repaint();
  return onResize(root, repaint);
}
