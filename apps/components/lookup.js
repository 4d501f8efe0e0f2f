// One query looked up twice: hard, where one item wins, and soft, where each has its share; and the way between.

const TALL = 210, FOOT = 34; // of the picture of the way, in CSS pixels
const NAMED = 3; // level at which the bands bear their names
const SVG = "http://www.w3.org/2000/svg";

function svg(tag, attributes, text) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

function side(name) {
  const node = element("section", name);
  node.append(element("h4"), element("p", "note muted"), element("div", "control"), element("ol"), element("div", "out"));
  return node;
}

function build(root) {
  const way = element("section", "way");
  way.append(element("h4", "", "From soft to hard"), element("p", "note muted", "Each item's share at every sharpness. Drag across."));
  root.picture = svg("svg", { class: "bands", height: TALL, role: "img" });
  way.append(root.picture);
  root.sides = { hard: side("hard"), soft: side("soft") };
  const stage = element("div", "stage");
  stage.append(root.sides.hard, root.sides.soft, way);
  root.append(stage);
  const label = element("label", "sharp");
  root.range = element("input");
  Object.assign(root.range, { type: "range", min: 0, step: 1 });
  root.told = element("output", "number");
  label.append(element("span", "", "Sharpness"), root.range, root.told);
  root.sides.soft.querySelector(".control").append(label);
  root.range.oninput = () => show(root, Number(root.range.value));
  root.range.onchange = () => root.tell(root.at);
  const drag = (event) => {
    const box = root.picture.getBoundingClientRect();
    show(root, Math.round(((event.clientX - box.left) / box.width) * (root.data.sharpness.length - 1)));
  };
  root.picture.onpointerdown = (event) => {
    root.picture.setPointerCapture(event.pointerId);
    root.dragged = true;
    drag(event);
  };
  root.picture.onpointermove = (event) => root.dragged && drag(event);
  root.picture.onpointerup = root.picture.onpointercancel = () => {
    if (root.dragged) root.tell(root.at);
    root.dragged = false;
  };
}

/** One of the two sides: each item's match and share, and what comes out. */
function look(root, name, shares, output) {
  const { data } = root, node = root.sides[name], list = node.querySelector("ol");
  if (list.children.length !== data.names.length + 1) {
    const head = element("li", "heads muted");
    head.append(element("span", "", "item"), element("span", "", "q · k"), element("span"), element("span", "", "share"));
    list.replaceChildren(head, ...data.names.map(() => {
      const row = element("li"), track = element("div", "track");
      track.append(element("span", "fill"));
      row.append(element("span", "label"), element("span", "score number"), track, element("span", "share number"));
      return row;
    }));
  }
  const most = Math.max(...shares), largest = peak(data.scores);
  data.names.forEach((item, i) => {
    const row = list.children[i + 1];
    row.classList.toggle("wins", shares[i] === most);
    row.querySelector(".label").textContent = row.querySelector(".label").title = item;
    const score = row.querySelector(".score");
    score.textContent = figure(data.scores[i]);
    tint(score, data.scores[i], largest, root.colours);
    row.querySelector(".fill").style.width = `${100 * shares[i]}%`;
    row.querySelector(".share").textContent = percent(shares[i]);
  });
  const cell = Math.max(30, Math.min(64, Math.floor((node.clientWidth - 8) / data.features.length) - 2));
  node.style.setProperty("--cell", "2.9rem");
  const out = node.querySelector(".out");
  out.style.setProperty("--cell", `${cell}px`);
  out.style.setProperty("--heads", heads(data.features));
  matrix(out, {
    title: "What comes out", note: name === "hard" ? "the winner's features" : "the features, mixed by share", values: [output],
    rows: [""], columns: data.features, largest: data.largest, colours: root.colours, cell,
  });
}

/** The place of a sharpness on the axis, whose levels grow by one factor from the second on. */
function place(data, sharpness) {
  const levels = data.sharpness;
  if (sharpness <= levels[1]) return sharpness / levels[1] / (levels.length - 1);
  const factor = Math.log(levels.at(-1) / levels[1]) / (levels.length - 2);
  return (1 + Math.log(sharpness / levels[1]) / factor) / (levels.length - 1);
}

function way(root) {
  const { data, picture } = root, width = Math.max(200, picture.clientWidth || root.clientWidth);
  const high = TALL - FOOT, last = data.sharpness.length - 1, count = data.names.length;
  picture.setAttribute("viewBox", `0 0 ${width} ${TALL}`);
  const nodes = [], order = [...data.names.keys()].sort((a, b) => data.scores[b] - data.scores[a]);
  const tops = data.weights.map((shares) => {
    let sum = 0;
    return data.names.map((_, i) => [sum, (sum += shares[i])]);
  });
  const labels = [];
  data.names.forEach((name, i) => {
    const upper = tops.map((level, l) => `${(l / last) * width},${high * level[i][0]}`);
    const lower = tops.map((level, l) => `${(l / last) * width},${high * level[i][1]}`).reverse();
    const rank = data.scores[i] === data.scores[order[0]] ? 0 : order.indexOf(i);
    const strength = rank === 0 ? 55 : Math.max(6, Math.round(34 * (1 - rank / count)));
    const band = svg("path", { d: `M${[...upper, ...lower].join("L")}Z` });
    band.style.fill = `color-mix(in srgb, var(--st-primary-color) ${strength}%, var(--st-background-color))`;
    nodes.push(band);
    const [top, bottom] = tops[NAMED][i].map((share) => high * share);
    if (bottom - top > 10) labels.push(svg("text", { x: 8, y: (top + bottom) / 2 + 4 }, name));
  });
  const ticks = [[0, "0", "start"], [data.usual, "1/√d", "middle"], [data.sharpness[last], figure(data.sharpness[last]), "end"]];
  for (const [value, text, anchor] of ticks) {
    const x = place(data, value) * width;
    nodes.push(svg("line", { x1: x, x2: x, y1: high, y2: high + 5, stroke: "currentColor" }));
    nodes.push(svg("text", { x, y: high + 17, class: "tick", "text-anchor": anchor }, text));
  }
  nodes.push(svg("text", { x: 0, y: TALL - 3, class: "tick" }, "all alike: the mean"));
  nodes.push(svg("text", { x: width, y: TALL - 3, class: "tick", "text-anchor": "end" }, "one takes all: hard"));
  root.line = svg("line", { class: "at", y1: 0, y2: high });
  picture.replaceChildren(...nodes, ...labels, root.line);
}

function show(root, at) {
  const { data } = root, last = data.sharpness.length - 1;
  root.at = Math.max(0, Math.min(last, at));
  root.range.value = root.at;
  const sharpness = data.sharpness[root.at], shares = data.weights[root.at];
  root.told.textContent = figure(sharpness);
  root.range.setAttribute("aria-valuetext", figure(sharpness));
  look(root, "soft", shares, data.outputs[root.at]);
  const x = (root.at / last) * Math.max(200, root.picture.clientWidth || root.clientWidth);
  root.line.setAttribute("x1", x);
  root.line.setAttribute("x2", x);
  const told = data.names.map((name, i) => `${name} ${percent(shares[i])}`).join(", ");
  root.picture.setAttribute("aria-label", `Shares by sharpness. At ${figure(sharpness)}: ${told}`);
}

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".root");
  if (!root.firstElementChild) build(root);
  root.tell = (level) => setStateValue("sharpness", level);
  root.colours = palette(isDark(root));
  root.data = data;
  root.range.max = data.sharpness.length - 1;
  root.at ??= data.at;
  const texts = {
    hard: ["Hard", `As in a dictionary: ${data.names[data.best[0]]} fits best and wins all${data.best.length > 1 ? `; ${data.best.length} tie, the first is taken` : ""}.`],
    soft: ["Soft", "As in attention: softmax(sharpness · q · k), a share for each."],
  };
  for (const [name, [title, note]] of Object.entries(texts)) {
    root.sides[name].querySelector("h4").textContent = title;
    root.sides[name].querySelector(".note").textContent = note;
  }
  const draw = () => {
    root.classList.toggle("narrow", root.clientWidth < 760);
    way(root);
    look(root, "hard", data.hard, data.hard_output);
    show(root, root.at);
  };
  draw();
  return onResize(root, draw);
}
