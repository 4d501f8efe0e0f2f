// Who looks at whom: the words of a sentence joined by lines, the same as a matrix, and every head as a tile.

const SVG = "http://www.w3.org/2000/svg";
const SLANT = 66, ASIDE = 34; // CSS pixels: column labels are so tall, and lean out
const TOLD = 3; // words that are told

function build(root) {
  const stage = element("div", "stage"), fan = element("section", "lines"), matrix = element("section", "matrix");
  const picture = document.createElementNS(SVG, "svg"), lines = element("div", "fan");
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", "Lines from each word to those that it looks at");
  lines.append(element("div", "side from"), picture, element("div", "side to"));
  const say = element("p", "say");
  say.setAttribute("aria-live", "polite");
  fan.append(element("h4", "title"), say, lines);
  const canvas = element("canvas");
  canvas.setAttribute("role", "img");
  matrix.append(element("h4", "", "As a matrix"), element("p", "say read muted number"), canvas);
  stage.append(fan, matrix);
  root.append(stage, element("div", "grid"));
  canvas.onpointermove = (event) => {
    const cell = cellAt(root, event);
    sayCell(root, cell);
    hover(root, cell ? cell.row : null);
  };
  canvas.onpointerleave = () => { sayCell(root, null); hover(root, null); };
  canvas.onclick = (event) => {
    const cell = cellAt(root, event);
    if (cell) pick(root, { asks: cell.row, seen: cell.column });
  };
}

function pick(root, changes) {
  Object.assign(root.at, changes);
  if (!("seen" in changes)) { // what it looks at most
    const row = root.data.columns.map((_, j) => share(root, root.at.asks, j));
    root.at.seen = row.indexOf(Math.max(...row));
  }
  paint(root);
  root.tell({ ...root.at });
}

function hover(root, row) {
  if (root.hovered === row) return;
  root.hovered = row;
  paintFan(root);
}

const shares = (root) => root.layers[root.at.layer][root.at.head];
const share = (root, row, column) => shares(root)[row * root.data.columns.length + column] / 255;

function fill(root) {
  const { data } = root, [from, to] = root.querySelectorAll(".side");
  const most = Math.max(data.rows.length, data.columns.length);
  root.row = most > 40 ? 18 : most > 24 ? 22 : 27;
  root.style.setProperty("--row", `${root.row}px`);
  const made = (words, key, label) => words.map(([text], i) => {
    const button = element("button", "", text);
    button.type = "button";
    button.title = text;
    button.setAttribute("aria-label", `${text}: ${label}`);
    button.onclick = () => pick(root, { [key]: i });
    return button;
  });
  from.replaceChildren(...made(data.rows, "asks", "what does it look at?"));
  to.replaceChildren(...made(data.columns, "seen", "compare with it"));
  [...from.children].forEach((button, i) => {
    button.onpointerenter = button.onfocus = () => hover(root, i);
    button.onpointerleave = button.onblur = () => hover(root, null);
  });
  const same = root.paths?.length === data.rows.length && root.paths[0]?.length === data.columns.length;
  if (same) return; // they move to where they belong now
  root.paths = data.rows.map(() => data.columns.map(() => document.createElementNS(SVG, "path")));
  root.querySelector("svg").replaceChildren(...root.paths.flat());
}

function paintFan(root) {
  const { data, at, row } = root, asks = root.hovered ?? at.asks;
  const svg = root.querySelector("svg"), width = Math.max(40, svg.clientWidth || 120);
  const tall = row * Math.max(data.rows.length, data.columns.length);
  svg.style.height = `${tall}px`;
  svg.setAttribute("viewBox", `0 0 ${width} ${tall}`);
  root.paths.forEach((paths, i) => paths.forEach((path, j) => {
    const y = [row * (i + 0.5), row * (j + 0.5)], part = share(root, i, j), mine = i === asks;
    path.setAttribute("d", `M0,${y[0]}C${width / 2},${y[0]} ${width / 2},${y[1]} ${width},${y[1]}`);
    path.style.strokeWidth = `${(mine ? 1 + 10 * part : 6 * part).toFixed(2)}px`;
    path.style.opacity = part < 0.012 ? 0 : mine ? Math.min(1, 0.3 + part) : 0.14 * part;
  }));
  const [from, to] = root.querySelectorAll(".side");
  [...from.children].forEach((each, i) => each.setAttribute("aria-pressed", String(i === at.asks)));
  [...to.children].forEach((each, j) => {
    const part = share(root, asks, j);
    each.style.setProperty("--share", `${Math.round(100 * part)}%`);
    each.classList.toggle("deep", part > 0.55);
    each.setAttribute("aria-pressed", String(j === at.seen));
  });
  const order = data.columns.map((_, j) => j).sort((a, b) => share(root, asks, b) - share(root, asks, a)).slice(0, TOLD);
  const say = root.querySelector(".lines .say");
  say.replaceChildren(element("b", "", `“${data.rows[asks][0]}”`), ` ${data.verb} `);
  const layer = data.layers[at.layer], mean = at.head === layer.on.length;
  if (mean ? !layer.on.includes(true) : !layer.on[at.head])
    return say.append(mean ? "nothing: every head of this layer is off" : "nothing: this head is off");
  order.forEach((j, k) => say.append(k ? ", " : "", element("b", "", data.columns[j][0]), ` ${Math.round(100 * share(root, asks, j))} %`));
}

function plan(root) {
  const { data } = root, T = data.rows.length, S = data.columns.length, room = root.querySelector(".matrix").clientWidth;
  const left = Math.min(92, room / 4), cell = Math.max(3, Math.min(30, (room - left - ASIDE) / S, 640 / T));
  return { T, S, left, cell, top: cell >= 9 ? SLANT : 6, width: Math.min(room, left + cell * S + ASIDE), height: (cell >= 9 ? SLANT : 6) + cell * T + 3 };
}

function drawn(root, values, rows, columns) {
  return picture(columns, rows, coloured(values.map((value) => ZERO + Math.round((value * 127) / 255)), root.colours));
}

function paintMatrix(root) {
  const { data, at } = root, { T, S, left, cell, top, width, height } = plan(root);
  const context = sized(root.querySelector(".matrix canvas"), width, height);
  const style = getComputedStyle(root), text = style.getPropertyValue("--st-text-color").trim();
  const font = style.getPropertyValue("--st-font").trim() || "sans-serif";
  context.drawImage(drawn(root, shares(root), T, S), 0, 0, S, T, left, top, cell * S, cell * T);
  if (cell >= 9) {
    context.strokeStyle = `color-mix(in srgb, ${text} 10%, transparent)`;
    context.beginPath();
    for (let i = 0; i <= S; i++) { context.moveTo(left + i * cell, top); context.lineTo(left + i * cell, top + T * cell); }
    for (let i = 0; i <= T; i++) { context.moveTo(left, top + i * cell); context.lineTo(left + S * cell, top + i * cell); }
    context.stroke();
    context.font = `${Math.min(13, cell - 1)}px ${font}`;
    context.fillStyle = text;
    context.textBaseline = "middle";
    context.textAlign = "right";
    data.rows.forEach(([word], i) => context.fillText(short(word), left - 6, top + (i + 0.5) * cell, left - 8));
    context.textAlign = "left";
    data.columns.forEach(([word], j) => {
      context.save();
      context.translate(left + (j + 0.5) * cell, top - 6);
      context.rotate(-Math.PI / 3);
      context.fillText(short(word), 0, 0, SLANT);
      context.restore();
    });
  }
  context.strokeStyle = root.dark ? "#ffa04d" : "#d9741a";
  context.lineWidth = 2;
  context.strokeRect(left, top + at.asks * cell, cell * S, Math.max(2, cell));
  context.strokeRect(left + at.seen * cell, top + at.asks * cell, Math.max(2, cell), Math.max(2, cell));
}

const short = (word) => (word.length > 12 ? `${word.slice(0, 11)}…` : word);

function cellAt(root, event) {
  const { T, S, left, cell, top } = plan(root);
  const column = Math.floor((event.offsetX - left) / cell), row = Math.floor((event.offsetY - top) / cell);
  return column >= 0 && column < S && row >= 0 && row < T ? { row, column } : null;
}

function sayCell(root, cell) {
  const { row, column } = cell ?? { row: root.at.asks, column: root.at.seen };
  root.querySelector(".read").textContent =
    `“${root.data.rows[row][0]}” at “${root.data.columns[column][0]}”: ${Math.round(100 * share(root, row, column))} %. A row asks, a column is looked at; click on a cell.`;
}

function paintGrid(root) {
  const { data, at } = root, T = data.rows.length, S = data.columns.length;
  root.querySelector(".grid").replaceChildren(...data.layers.map((layer, l) => {
    const node = element("section", "layer"), tiles = element("div", "tiles");
    node.append(element("h5", "muted", layer.title), tiles);
    tiles.append(...root.layers[l].map((values, h) => {
      const mean = h === layer.on.length, tile = element("div", "tile"), open = element("button", "open"), canvas = element("canvas");
      [canvas.width, canvas.height] = [S, T];
      canvas.getContext("2d").drawImage(drawn(root, values, T, S), 0, 0);
      open.type = "button";
      open.append(canvas);
      const name = mean ? "average" : `head ${h + 1}`;
      open.setAttribute("aria-label", `Show ${layer.title}, ${name}`);
      open.setAttribute("aria-pressed", String(l === at.layer && h === at.head));
      open.onclick = () => pick(root, { layer: l, head: h });
      const foot = element("div", "foot");
      foot.append(element("span", "", name));
      if (!mean) {
        const on = layer.on[h], toggle = element("button", "switch", on ? "on" : "off");
        toggle.type = "button";
        toggle.setAttribute("role", "switch");
        toggle.setAttribute("aria-checked", String(on));
        toggle.setAttribute("aria-label", `${layer.title}, ${name}`);
        toggle.onclick = () => root.toggle([l, h]);
        foot.append(toggle);
        tile.classList.toggle("off", !on);
        if (layer.notes) foot.append(element("span", "note number", layer.notes[h]));
        tile.classList.toggle("best", !!data.best && data.best[0] === l && data.best[1] === h);
      }
      tile.append(open, foot);
      return tile;
    }));
    return node;
  }));
  root.style.setProperty("--tile", root.clientWidth < 560 ? "110px" : "118px");
}

function paint(root) {
  const layer = root.data.layers[root.at.layer], mean = root.at.head === layer.on.length;
  root.querySelector(".title").textContent = `${layer.title}, ${mean ? "the average of its heads" : `head ${root.at.head + 1}`}`;
  const canvas = root.querySelector(".matrix canvas");
  canvas.setAttribute("aria-label", `${layer.title}: rows ask, columns are looked at`);
  paintFan(root);
  paintMatrix(root);
  sayCell(root, null);
  paintGrid(root);
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".root");
  if (!root.firstElementChild) build(root);
  root.data = data;
  root.dark = isDark(root);
  root.colours = palette(root.dark);
  const size = data.rows.length * data.columns.length;
  root.layers = data.layers.map((layer) => {
    const all = bytes(layer.pixels);
    return Array.from({ length: all.length / size }, (_, h) => all.subarray(h * size, (h + 1) * size));
  });
  root.at = { ...data.at };
  root.hovered = null;
  root.tell = (at) => setTriggerValue("picked", at);
  root.toggle = (head) => setTriggerValue("switched", head);
  fill(root);
  paint(root);
  root.end?.();
  root.end = onResize(root, () => paint(root));
  return () => root.end?.();
}
