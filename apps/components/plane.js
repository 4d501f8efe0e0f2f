// Functions of the plane as pictures: one value as warm and cool, or classes by their colours; and points on them.

const LEAST = 190, GAP = 22; // narrowest panel and what is between two, in CSS pixels
const BARB = 4; // of an arrow, in CSS pixels
const COLOURS = {
  light: ["#5546d6", "#d9741a", "#0f8f7f", "#c2356f", "#2f7fd1", "#8a7a1c", "#7b4bb3", "#5d6b7a", "#3f8f2f", "#a0522d"],
  dark: ["#9f94ff", "#ffa04d", "#3fcdb9", "#ff7dae", "#6fb3ff", "#d6c25a", "#c39af0", "#9aa7b5", "#86d36f", "#d99a73"],
};

/** Classes and how sure they are, as colours that fade into the page's own where the net can't tell. */
function classColours(kinds, sureness, names, page) {
  const found = new Uint32Array(kinds.length);
  for (let i = 0; i < kinds.length; i++) {
    const own = names[kinds[i] % names.length];
    const share = 0.08 + 0.62 * (sureness[i] / 255);
    const [red, green, blue] = own.map((value, c) => Math.round(page[c] + share * (value - page[c])));
    found[i] = ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  }
  return found;
}

function panelOf(root, i) {
  const panels = root.querySelector(".panels");
  if (panels.children[i]) return panels.children[i];
  const figure = element("figure");
  const caption = element("figcaption");
  caption.append(element("div", "name"), element("div", "note muted number"));
  const canvas = element("canvas");
  canvas.setAttribute("role", "img");
  const axis = element("div", "axis muted number");
  axis.append(element("span"), element("span"), element("span"));
  figure.append(caption, canvas, axis);
  panels.append(figure);
  canvas.addEventListener("pointermove", (event) => (figure.querySelector(".note").textContent = read(figure, event)));
  canvas.addEventListener("pointerleave", () => (figure.querySelector(".note").textContent = figure.panel.note));
  return figure;
}

function read(figure, event) {
  const { panel, data } = figure;
  const box = figure.querySelector("canvas").getBoundingClientRect();
  const [x, y] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  if (x < 0 || y < 0 || x >= 1 || y >= 1) return panel.note;
  const at = Math.floor(y * panel.height) * panel.width + Math.floor(x * panel.width);
  const place = [data.low[0] + x * (data.high[0] - data.low[0]), data.high[1] - y * (data.high[1] - data.low[1])];
  const where = `${data.axes[0]} ${place[0].toPrecision(3)}, ${data.axes[1]} ${place[1].toPrecision(3)}`;
  if (panel.sure) return `${where}: ${data.classes[figure.pixels[at]]}, ${percent(figure.sureness[at] / 255)} sure`;
  const value = panel.centre + ((figure.pixels[at] - ZERO) / 127) * panel.scale;
  return `${where}: ${value.toPrecision(3)}`;
}

function arrow(context, left, top, right, bottom) {
  const length = Math.hypot(right - left, bottom - top);
  if (length < 1) return;
  const turn = Math.atan2(bottom - top, right - left);
  const barb = Math.min(BARB, length / 2);
  context.beginPath();
  context.moveTo(left, top);
  context.lineTo(right, bottom);
  for (const side of [-0.5, 0.5]) {
    context.moveTo(right, bottom);
    context.lineTo(right - barb * Math.cos(turn + side), bottom - barb * Math.sin(turn + side));
  }
  context.stroke();
}

function paint(figure, width, theme) {
  const { panel, data } = figure;
  const canvas = figure.querySelector("canvas");
  const context = sized(canvas, width, width);
  const colours = panel.sure
    ? classColours(figure.pixels, figure.sureness, theme.classes, theme.page)
    : coloured(figure.pixels, theme.signed);
  context.imageSmoothingEnabled = !panel.sure;
  context.drawImage(picture(panel.width, panel.height, colours), 0, 0, width, width);
  if (panel.points) {
    const [low, high] = [data.low, data.high];
    const across = (x) => ((x - low[0]) / (high[0] - low[0])) * width;
    const down = (y) => ((high[1] - y) / (high[1] - low[1])) * width;
    data.points.forEach(([x, y, kind, held]) => {
      const [left, top] = [across(x), down(y)];
      const [red, green, blue] = theme.classes[kind % theme.classes.length];
      context.beginPath();
      context.arc(left, top, held ? 3.4 : 2.6, 0, 2 * Math.PI);
      context.fillStyle = `rgb(${red} ${green} ${blue})`;
      context.fill();
      context.lineWidth = held ? 1.6 : 0.8;
      context.strokeStyle = held ? theme.text : theme.edge;
      context.stroke();
    });
    context.strokeStyle = theme.text;
    context.lineWidth = 1.1;
    data.arrows.forEach(([x, y, toX, toY]) => arrow(context, across(x), down(y), across(toX), down(toY)));
  }
  const marks = figure.querySelectorAll(".axis span");
  marks[0].textContent = Number(data.low[0].toPrecision(3));
  marks[1].textContent = `${data.axes[0]} across, ${data.axes[1]} up (${Number(data.low[1].toPrecision(3))} to ${Number(data.high[1].toPrecision(3))})`;
  marks[2].textContent = Number(data.high[0].toPrecision(3));
  figure.style.width = `${width}px`;
  canvas.setAttribute("aria-label", `${panel.name}: ${panel.note}`);
}

function legend(root, data, theme) {
  const node = root.querySelector(".legend");
  node.replaceChildren();
  data.classes.forEach((name, i) => {
    const mark = element("span", "", name);
    const [red, green, blue] = theme.classes[i % theme.classes.length];
    mark.style.setProperty("--mark", `rgb(${red} ${green} ${blue})`);
    node.append(mark);
  });
  if (data.points.some((point) => point[3])) node.append(element("span", "ring", "held out"));
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  if (!root.firstElementChild) root.append(element("div", "panels"), element("div", "legend"));
  const panels = root.querySelector(".panels");
  while (panels.children.length > data.panels.length) panels.lastChild.remove();
  data.panels.forEach((panel, i) => {
    const figure = panelOf(root, i);
    Object.assign(figure, { panel, data, pixels: bytes(panel.pixels), sureness: panel.sure && bytes(panel.sure) });
    figure.querySelector(".name").textContent = panel.name;
    figure.querySelector(".note").textContent = panel.note;
  });
  const repaint = () => {
    const dark = isDark(root);
    const style = getComputedStyle(root);
    const theme = {
      signed: palette(dark),
      classes: COLOURS[dark ? "dark" : "light"].map(channels),
      page: dark ? [19, 18, 32] : [255, 255, 255],
      text: style.getPropertyValue("--st-text-color"),
      edge: dark ? "rgb(0 0 0 / 55%)" : "rgb(255 255 255 / 75%)",
    };
    const across = Math.max(1, Math.min(data.panels.length, Math.floor((root.clientWidth + GAP) / (LEAST + GAP))));
    const width = Math.min(data.side, Math.floor((root.clientWidth - GAP * (across - 1)) / across));
    [...panels.children].forEach((figure) => paint(figure, width, theme));
    legend(root, data, theme);
  };
  repaint();
  return onResize(root, repaint);
}
