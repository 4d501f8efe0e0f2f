// One unit: what it sees of the picture, its place in its map, and the sum that made it.

const FIRST = 4; // channels that are shown at once
const FRAME = "#ff9a3c"; // of a receptive field: seen on black, on white and on colours

const number = (value) => {
  const size = Math.abs(value);
  const text = size !== 0 && size < 0.005 ? value.toExponential(1) : value.toFixed(size >= 100 ? 1 : 2);
  return text.replace("-", "−");
};

function build(root) {
  root.innerHTML = `
    <div class="stage">
      <div class="pane"><h4>The picture, and what the unit sees</h4><canvas class="seen" role="img"></canvas></div>
      <div class="pane map"><h4></h4><canvas class="board" tabindex="0" role="application"></canvas></div>
      <div class="pane"><h4>Its value</h4><div class="value number" aria-live="polite"></div><div class="where muted"></div></div>
    </div>
    <div class="sum"></div>`;
  const board = root.querySelector(".board");
  const go = (row, column) => {
    const { height, width } = root.data.map;
    row = Math.max(0, Math.min(height - 1, row));
    column = Math.max(0, Math.min(width - 1, column));
    if (row === root.at[0] && column === root.at[1]) return;
    root.at = [row, column];
    paintMap(root); // at once; the numbers follow from Python
    root.move({ row, column });
  };
  board.addEventListener("click", (event) => {
    const { height, width } = root.data.map;
    const box = board.getBoundingClientRect();
    go(Math.floor(((event.clientY - box.top) / box.height) * height), Math.floor(((event.clientX - box.left) / box.width) * width));
  });
  board.addEventListener("keydown", (event) => {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!step) return;
    event.preventDefault();
    go(root.at[0] + step[0], root.at[1] + step[1]);
  });
}

function outline(context, left, top, width, height, colour, line) {
  context.lineWidth = line;
  context.strokeStyle = colour;
  context.strokeRect(left + line / 2, top + line / 2, Math.max(1, width - line), Math.max(1, height - line));
}

function edge(root) {
  return root.clientWidth >= 560 ? 200 : Math.min(224, Math.max(140, root.clientWidth - 4));
}

function paintSeen(root) {
  const { picture: seen, box } = root.data;
  const canvas = root.querySelector(".seen");
  const zoom = edge(root) / Math.max(seen.width, seen.height);
  const context = sized(canvas, zoom * seen.width, zoom * seen.height);
  const source = picture(seen.width, seen.height, natural(bytes(seen.pixels), seen.depth));
  context.drawImage(source, 0, 0, zoom * seen.width, zoom * seen.height);
  if (!box) return;
  const [top, bottom, left, right] = box.map((place) => place * zoom);
  context.fillStyle = "rgb(10 8 30 / 55%)";
  context.beginPath();
  context.rect(0, 0, zoom * seen.width, zoom * seen.height);
  context.rect(left, top, right - left, bottom - top);
  context.fill("evenodd");
  outline(context, left, top, right - left, bottom - top, FRAME, 2);
  canvas.setAttribute("aria-label", `The unit sees rows ${box[0] + 1} to ${box[1]} and columns ${box[2] + 1} to ${box[3]}`);
}

function paintMap(root) {
  const { map } = root.data;
  root.querySelector(".map").hidden = !map;
  if (!map) return;
  const canvas = root.querySelector(".board");
  const zoom = edge(root) / Math.max(map.width, map.height);
  const context = sized(canvas, zoom * map.width, zoom * map.height);
  const source = picture(map.width, map.height, coloured(bytes(map.pixels), palette(isDark(root))));
  context.drawImage(source, 0, 0, zoom * map.width, zoom * map.height);
  const [row, column] = root.at;
  outline(context, column * zoom, row * zoom, Math.max(4, zoom), Math.max(4, zoom), FRAME, 2);
  canvas.setAttribute("aria-label", `Map, unit at row ${row + 1}, column ${column + 1}. The arrow keys move it.`);
}

function grid(values, scale, shape, inside, colours, narrow) {
  const [height, width] = shape;
  const cell = height * width === 1 ? 44 : Math.max(height, width) <= 3 ? (narrow ? 30 : 36) : Math.max(height, width) <= 5 && !narrow ? 30 : 14;
  const node = element("div", cell < 30 ? "grid tight" : "grid");
  node.style.gridTemplateColumns = `repeat(${width}, ${cell}px)`;
  node.style.gridAutoRows = `${cell}px`;
  values.forEach((value, i) => {
    const level = Math.round(128 + (127 * value) / scale);
    const colour = colours[level];
    const [red, green, blue] = [colour & 255, (colour >> 8) & 255, (colour >> 16) & 255];
    const box = element("span", inside && !inside[i] ? "out" : "", cell >= 30 ? number(value) : "");
    box.style.background = `rgb(${red} ${green} ${blue})`;
    box.style.color = 0.299 * red + 0.587 * green + 0.114 * blue > 140 ? "#141221" : "#fff";
    if (inside && !inside[i]) box.title = "padding";
    node.append(box);
  });
  return node;
}

const VERBS = {
  convolution: ["patch", "kernel", "products"],
  dense: ["input", "weight", "product"],
  average: ["patch", "share", "products"],
};

function paintSum(root) {
  const { anatomy } = root.data;
  const node = root.querySelector(".sum");
  node.replaceChildren();
  if (!anatomy) return;
  const colours = palette(isDark(root));
  const narrow = root.clientWidth < 480;
  root.classList.toggle("narrow", narrow);
  const from = anatomy.looks_at || "the picture";
  const window = anatomy.height * anatomy.width > 1 ? `${anatomy.height} × ${anatomy.width} ` : "";
  const titles = {
    convolution: `${anatomy.made_by} lays its ${window}kernel on ${from}: patch × kernel = products, all summed`,
    dense: `${anatomy.made_by} weighs all ${anatomy.channels} of ${from}: value × weight, all summed`,
    maximum: `${anatomy.made_by} takes the largest of ${from} under its ${window}window`,
    average: `${anatomy.made_by} takes the mean of ${from} under its ${window}window`,
    copy: `${anatomy.made_by} hands on what ${from} gave`,
  };
  node.append(element("h4", "", titles[anatomy.operation]));
  const shape = [anatomy.height, anatomy.width];
  const [patch, kernel, products] = anatomy.scales;
  const more = anatomy.channels - anatomy.parts.length;
  const single = anatomy.height * anatomy.width === 1 && anatomy.operation !== "maximum";
  const what = !anatomy.looks_at ? "channel" : anatomy.operation === "dense" ? "unit" : "map";
  if (more > 0) node.append(element("div", "muted", `The ${what}s that weigh most, of ${anatomy.channels}.`));
  anatomy.parts.forEach((part, i) => {
    const row = element("div", "part number");
    row.hidden = i >= FIRST && !root.all;
    row.append(element("span", "channel muted", `${what} ${part.channel + 1}`));
    if (part.patch && VERBS[anatomy.operation]) {
      row.append(
        grid(part.patch, patch, shape, anatomy.inside, colours, narrow), element("span", "sign", "×"),
        grid(part.kernel, kernel, shape, null, colours, narrow), element("span", "sign", "="),
        grid(part.products, products, shape, null, colours, narrow),
      );
    } else if (part.patch) {
      row.append(grid(part.patch, patch, shape, anatomy.inside, colours, narrow));
    }
    if (!single) {
      const total = element("span", "total");
      total.append(element("span", "sign", anatomy.operation === "maximum" ? "→" : "Σ"), element("span", "subtotal", number(part.sum)));
      row.append(total);
    }
    node.append(row);
  });
  if (anatomy.parts.length > FIRST) {
    const button = element("button", "more", root.all ? `Show ${FIRST} of them` : `Show ${anatomy.parts.length - FIRST} more`);
    button.type = "button";
    button.onclick = () => {
      root.all = !root.all;
      paintSum(root);
      root.querySelector(".more").focus();
    };
    node.append(button);
  }
  const chain = element("ol", "chain number");
  const step = (what, after) => {
    const item = element("li");
    item.append(element("div", "what muted", what), element("div", "after", after));
    chain.append(item);
  };
  if (more > 0) step(`the other ${more} ${what}s`, number(anatomy.rest));
  step(anatomy.operation === "maximum" ? "largest" : "sum", number(anatomy.sum));
  anatomy.steps.forEach(({ layer, what, factor, offset, value }) => {
    const signed = `${offset < 0 ? "−" : "+"} ${number(Math.abs(offset))}`;
    const how = { bias: `bias ${signed}`, addition: `shortcut ${signed}` }[what]
      ?? (what === "normalization" || what === "rescaling" ? `${what} × ${number(factor)} ${signed}` : what);
    step(layer === anatomy.made_by ? how : `${layer}: ${how}`, number(value));
  });
  chain.lastElementChild.classList.add("last");
  node.append(chain);
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".root");
  if (!root.firstElementChild) build(root);
  Object.assign(root, { data, at: data.place.slice(0, 2), move: (place) => setTriggerValue("moved", place) });
  root.querySelector(".map h4").textContent = data.map ? `Map ${data.place[2] + 1}: click, or use the arrow keys` : "";
  root.querySelector(".value").textContent = number(data.value);
  root.querySelector(".where").textContent = data.map
    ? `map ${data.place[2] + 1}, row ${data.place[0] + 1}, column ${data.place[1] + 1}`
    : `unit ${data.place[0] + 1}`;
  const repaint = () => {
    paintSeen(root);
    paintMap(root);
    paintSum(root);
  };
  repaint();
  return onResize(root, repaint);
}
