// A signal, what mattered in it, and the maps of every layer under it, all on one time axis.

const TALL = 150; // of the signal's own plot, in CSS pixels

function row(root, name) {
  const node = element("section", "row"), head = element("div", "head"), plot = element("div", "plot");
  const note = element("span", "muted number"), read = element("span", "read muted number");
  head.append(element("span", "name", name), note, read);
  const canvas = element("canvas"), cursor = element("div", "cursor"), band = element("div", "band");
  canvas.setAttribute("role", "img");
  cursor.hidden = band.hidden = true;
  plot.tabIndex = 0;
  plot.append(canvas, band, cursor);
  node.append(head, plot);
  root.append(node);
  return { note, read, plot, canvas, cursor, band };
}

function build(root, data) {
  root.replaceChildren();
  root.rows = [row(root, "signal"), ...data.layers.map((layer) => row(root, layer.name))];
  const axis = element("div", "axis muted number");
  axis.append(element("span"), element("span"), element("span"));
  root.rows[0].plot.after(axis);
  root.axis = axis;
  root.rows.forEach((one, i) => {
    one.plot.onpointermove = (event) => {
      const box = one.plot.getBoundingClientRect();
      point(root, i, (event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
    };
    one.plot.onpointerleave = one.plot.onblur = () => point(root, -1, 0, 0);
    one.plot.onkeydown = (event) => {
      const [right, down] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] ?? [0, 0];
      if (!right && !down) return;
      event.preventDefault();
      const [steps, maps] = i ? [root.data.layers[i - 1].length, root.data.layers[i - 1].count] : [root.data.length, 1];
      root.at ??= [0.5, 0.01];
      root.at[0] = Math.min(0.999, Math.max(0, root.at[0] + right / Math.min(steps, 200)));
      root.at[1] = Math.min(0.999, Math.max(0.001, root.at[1] + down / maps));
      point(root, i, ...root.at);
    };
  });
}

function timeText(data, place) {
  return data.rate ? `${((1000 * place * data.hop) / data.rate).toFixed(0)} ms` : `point ${Math.floor(place) + 1}`;
}

/** Mark a place: on every row the same moment, and on the signal what the unit there looks at. */
function point(root, which, x, y) {
  const { data, rows } = root;
  for (const one of rows) {
    one.cursor.hidden = which < 0;
    one.cursor.style.left = `${100 * x}%`;
    one.read.textContent = "";
  }
  rows[0].band.hidden = which < 1;
  if (which < 0) return;
  root.at = [x, y];
  const time = Math.min(data.length - 0.001, x * data.length);
  if (which === 0) {
    const column = Math.floor((time / data.length) * data.columns);
    const value = data.curves.length === 1 ? data.curves[0][column].map((v) => v.toFixed(2)) : [];
    rows[0].read.textContent = [timeText(data, time), value[0] === value[1] ? value[0] : value.join(" to ")].filter(Boolean).join(": ");
    return;
  }
  const layer = data.layers[which - 1];
  const middle = layer.start + (layer.size - 1) / 2;
  const unit = Math.max(0, Math.min(layer.length - 1, Math.round((time - 0.5 - middle) / layer.jump)));
  const map = Math.min(layer.count - 1, Math.floor(y * layer.count));
  const column = Math.min(layer.width - 1, Math.floor(((unit + 0.5) / layer.length) * layer.width));
  const value = ((layer.bytes[map * layer.width + column] - ZERO) / (255 - ZERO)) * layer.scale[map];
  const from = Math.max(0, layer.start + unit * layer.jump);
  const to = Math.min(data.length, layer.start + unit * layer.jump + layer.size);
  rows[0].band.style.left = `${(100 * from) / data.length}%`;
  rows[0].band.style.width = `${(100 * (to - from)) / data.length}%`;
  rows[which].read.textContent = `map ${map + 1}, ${timeText(data, time)}: ${value.toFixed(2)}; sees ${to - from} of ${data.length}`;
}

function drawSignal(root, width) {
  const { data } = root, style = getComputedStyle(root);
  const context = sized(root.rows[0].canvas, width, TALL);
  if (data.heat.length) {
    const most = Math.max(...data.heat, 1e-9);
    const edge = (i) => Math.round(((data.first + i * data.jump) * width) / data.length);
    context.fillStyle = style.getPropertyValue("--st-orange-color").trim() || "#f0a04b";
    data.heat.forEach((value, i) => {
      context.globalAlpha = (0.55 * value) / most;
      context.fillRect(edge(i), 0, edge(i + 1) - edge(i), TALL);
    });
    context.globalAlpha = 1;
  }
  if (data.bands) {
    const source = picture(data.columns, data.bands.count, coloured(data.bands.bytes, palette(isDark(root))));
    const top = data.heat.length ? 14 : 0; // what mattered stays in sight above
    context.drawImage(source, 0, 0, data.columns, data.bands.count, 0, top, width, TALL - top);
    return;
  }
  const [low, high] = data.range, y = (v) => TALL - 6 - ((v - low) / (high - low || 1)) * (TALL - 12);
  const colours = ["--st-primary-color", "--st-orange-color", "--st-green-color", "--st-red-color"];
  data.curves.forEach((curve, c) => {
    context.strokeStyle = style.getPropertyValue(colours[c]).trim() || "#6a5cf0";
    context.lineWidth = 1.6;
    context.beginPath();
    curve.forEach(([least, most], i) => {
      const x = ((i + 0.5) / data.columns) * width;
      i ? context.lineTo(x, y(least)) : context.moveTo(x, y(least));
      context.lineTo(x, y(most));
    });
    context.stroke();
  });
}

function drawLayer(root, i, width) {
  const { data } = root, layer = data.layers[i];
  const each = Math.max(2, Math.min(12, Math.round(130 / layer.count)));
  const context = sized(root.rows[i + 1].canvas, width, each * layer.count);
  const source = picture(layer.width, layer.count, coloured(layer.bytes, palette(isDark(root))));
  const left = layer.start + layer.size / 2 - layer.jump / 2;
  context.drawImage(
    source, 0, 0, layer.width, layer.count,
    (left * width) / data.length, 0, (layer.jump * layer.length * width) / data.length, each * layer.count,
  );
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const names = data.layers.map((layer) => layer.name).join("\n");
  root.data = data;
  for (const layer of data.layers) layer.bytes = bytes(layer.pixels);
  if (data.bands) data.bands.bytes = bytes(data.bands.pixels);
  if (root.names !== names) {
    build(root, data);
    root.names = names;
  }
  root.rows[0].note.textContent = data.note;
  root.rows[0].canvas.setAttribute("aria-label", data.note);
  data.layers.forEach((layer, i) => {
    root.rows[i + 1].note.textContent = layer.note;
    root.rows[i + 1].canvas.setAttribute("aria-label", `${layer.name}: ${layer.note}`);
  });
  [0, data.length / 2, data.length].forEach(
    (place, i) => (root.axis.children[i].textContent = timeText(data, Math.max(0, place - (data.rate ? 0 : 1)))),
  );
  const repaint = () => {
    const width = Math.max(120, root.clientWidth);
    drawSignal(root, width);
    data.layers.forEach((_, i) => drawLayer(root, i, width));
  };
  repaint();
  return onResize(root, repaint);
}
