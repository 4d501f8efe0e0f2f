// A function of one number and the net that fits it; under it what each hidden unit adds, as small curves.

const TALL = 300; // of the plot, in CSS pixels
const CELL = [104, 54], BETWEEN = 6; // of a unit's curve
const EDGE = { left: 46, right: 10, top: 10, bottom: 24 };

function scaleOf(data, width) {
  const [low, high] = data.domain, [bottom, top] = data.range;
  return {
    x: (value) => EDGE.left + ((value - low) / (high - low)) * (width - EDGE.left - EDGE.right),
    y: (value) => TALL - EDGE.bottom - ((value - bottom) / (top - bottom)) * (TALL - EDGE.top - EDGE.bottom),
  };
}

function ticks(low, high, count) {
  const raw = (high - low) / count, size = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * size).find((each) => each >= raw);
  const found = [];
  const first = Math.ceil(low / step);
  for (let i = 0; i <= count && (first + i) * step <= high + step / 1e6; i++) found.push(Number(((first + i) * step).toPrecision(8)));
  return found;
}

function line(context, values, domain, scale) {
  context.beginPath();
  values.forEach((value, i) => {
    const x = scale.x(domain[0] + (i / (values.length - 1)) * (domain[1] - domain[0]));
    context.lineTo(x, scale.y(value));
  });
  context.stroke();
}

function plot(root, data, theme) {
  const canvas = root.querySelector(".plot");
  const width = Math.max(200, root.clientWidth);
  const context = sized(canvas, width, TALL);
  const scale = scaleOf(data, width);
  context.font = `12px ${theme.font}`;
  context.fillStyle = theme.muted;
  context.strokeStyle = theme.grid;
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const value of ticks(...data.range, 5)) {
    context.beginPath();
    context.moveTo(EDGE.left, scale.y(value));
    context.lineTo(width - EDGE.right, scale.y(value));
    context.stroke();
    context.fillText(String(value), EDGE.left - 6, scale.y(value));
  }
  context.textAlign = "center";
  context.textBaseline = "top";
  for (const value of ticks(...data.domain, width > 500 ? 8 : 4)) context.fillText(String(value), scale.x(value), TALL - EDGE.bottom + 7);
  context.save();
  context.beginPath();
  context.rect(EDGE.left, 0, width - EDGE.left - EDGE.right, TALL - EDGE.bottom);
  context.clip();
  context.fillStyle = theme.dots;
  for (const [x, y] of data.dots) {
    context.beginPath();
    context.arc(scale.x(x), scale.y(y), 2, 0, 2 * Math.PI);
    context.fill();
  }
  context.lineJoin = "round";
  data.lines.forEach(({ values }, i) => {
    context.strokeStyle = theme.lines[i];
    context.lineWidth = i ? 2.4 : 4;
    line(context, values, data.domain, scale);
  });
  context.restore();
  canvas.setAttribute("aria-label", data.lines.map((each) => each.name).join(" and "));
}

function bends(root, data, theme) {
  const holder = root.querySelector(".bends");
  holder.hidden = !data.bends;
  if (!data.bends) return;
  const { count, width: points, pixels } = data.bends;
  const values = bytes(pixels);
  const canvas = holder.querySelector("canvas");
  const across = Math.max(1, Math.floor((root.clientWidth + BETWEEN) / (CELL[0] + BETWEEN)));
  root.across = across;
  const down = Math.ceil(count / across);
  const context = sized(canvas, Math.min(across, count) * (CELL[0] + BETWEEN) - BETWEEN, down * (CELL[1] + BETWEEN) - BETWEEN);
  for (let unit = 0; unit < count; unit++) {
    const left = (unit % across) * (CELL[0] + BETWEEN), top = Math.floor(unit / across) * (CELL[1] + BETWEEN);
    const row = values.subarray(unit * points, (unit + 1) * points);
    const height = (level) => top + CELL[1] / 2 - ((level - ZERO) / 127) * (CELL[1] / 2 - 3);
    context.fillStyle = theme.cell;
    context.beginPath();
    context.roundRect(left, top, ...CELL, 5);
    context.fill();
    context.strokeStyle = theme.grid;
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(left, top + CELL[1] / 2);
    context.lineTo(left + CELL[0], top + CELL[1] / 2);
    context.stroke();
    context.strokeStyle = row.every((level) => level === row[0]) ? theme.muted : theme.lines[1];
    context.lineWidth = 1.8;
    context.beginPath();
    row.forEach((level, i) => context.lineTo(left + 3 + (i / (points - 1)) * (CELL[0] - 6), height(level)));
    context.stroke();
  }
  holder.querySelector(".name").textContent = data.bends.name;
  holder.querySelector(".note").textContent = data.bends.note;
  canvas.setAttribute("aria-label", `${data.bends.name}: ${data.bends.note}`);
}

function legend(root, data, theme) {
  const node = root.querySelector(".legend");
  const readout = node.querySelector(".read");
  node.replaceChildren(
    ...data.lines.map(({ name }, i) => {
      const mark = element("span", "", name);
      mark.style.setProperty("--mark", theme.lines[i]);
      return mark;
    }),
  );
  if (data.dots.length) {
    const mark = element("span", "dot", "what it learns from");
    mark.style.setProperty("--mark", theme.dots);
    node.append(mark);
  }
  node.append(readout);
}

function build(root) {
  const key = element("div", "legend"), canvas = element("canvas", "plot"), holder = element("div", "bends");
  key.append(element("span", "read muted number"));
  canvas.setAttribute("role", "img");
  const head = element("div", "head"), units = element("canvas");
  units.setAttribute("role", "img");
  head.append(element("span", "name"), element("span", "note muted number"), element("span", "read muted number"));
  holder.append(head, units);
  root.append(key, canvas, holder);
  canvas.addEventListener("pointermove", (event) => {
    const { domain, lines } = root.data;
    const width = canvas.clientWidth - EDGE.left - EDGE.right;
    const share = Math.min(1, Math.max(0, (event.offsetX - EDGE.left) / width));
    const at = (values) => values[Math.round(share * (values.length - 1))].toPrecision(3);
    key.querySelector(".read").textContent =
      `at ${(domain[0] + share * (domain[1] - domain[0])).toPrecision(3)}: ${lines.map(({ name, values }) => `${name} ${at(values)}`).join(", ")}`;
  });
  canvas.addEventListener("pointerleave", () => (key.querySelector(".read").textContent = ""));
  units.addEventListener("pointermove", (event) => {
    const column = Math.floor(event.offsetX / (CELL[0] + BETWEEN)), row = Math.floor(event.offsetY / (CELL[1] + BETWEEN));
    const unit = row * root.across + column;
    head.querySelector(".read").textContent = unit < root.data.bends.count ? `unit ${unit + 1}` : "";
  });
  units.addEventListener("pointerleave", () => (head.querySelector(".read").textContent = ""));
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  if (!root.firstElementChild) build(root);
  root.data = data;
  const repaint = () => {
    const style = getComputedStyle(root);
    const colour = (name) => style.getPropertyValue(name).trim();
    const text = colour("--st-text-color"), dark = isDark(root);
    const theme = {
      font: colour("--st-font") || "sans-serif",
      muted: `color-mix(in srgb, ${text} 66%, transparent)`,
      grid: `color-mix(in srgb, ${text} 14%, transparent)`,
      cell: `color-mix(in srgb, ${text} 4%, transparent)`,
      dots: `color-mix(in srgb, ${text} 38%, transparent)`,
      lines: dark ? ["#ffa04d", "#9f94ff"] : ["#f0a04b", "#5546d6"],
    };
    plot(root, data, theme);
    bends(root, data, theme);
    legend(root, data, theme);
  };
  repaint();
  return onResize(root, repaint);
}
