// What a recurrent layer does at every step: rows of pictures on one time axis, one value told in each.

const THIN = 620; // CSS pixels below which a row's name stands above it
const TOKEN = 24; // height of a row of tokens

function rowOf(root) {
  const node = element("section", "row"), head = element("div", "head"), plot = element("div", "plot");
  const canvas = element("canvas"), cursor = element("div", "cursor"), unit = element("div", "unit");
  head.append(element("div", "name"), element("div", "note muted"), element("div", "read muted number"));
  canvas.setAttribute("role", "img");
  cursor.hidden = unit.hidden = true;
  plot.tabIndex = 0;
  plot.append(canvas, unit, cursor);
  node.append(head, plot);
  return { node, name: head.children[0], note: head.children[1], read: head.children[2], plot, canvas, cursor, unit };
}

function build(root, count) {
  root.replaceChildren();
  root.rows = Array.from({ length: count }, () => rowOf(root));
  root.axis = element("div", "axis muted number");
  root.axis.append(element("span"), element("span"), element("span"));
  root.append(...root.rows.map(({ node }) => node), root.axis);
  root.rows.forEach((one, i) => {
    const { plot } = one;
    plot.onpointermove = plot.onpointerdown = (event) => {
      const box = plot.getBoundingClientRect();
      point(root, i, (event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
    };
    plot.onpointerleave = plot.onblur = () => point(root, -1, 0, 0);
    plot.onkeydown = (event) => {
      const [right, down] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] ?? [0, 0];
      if (!right && !down) return;
      event.preventDefault();
      const steps = root.data.length, units = root.data.rows[i].count;
      root.at ??= [0.5 / steps, 0.5 / units];
      root.at = [root.at[0] + right / steps, root.at[1] + down / units].map((share) => Math.min(0.9999, Math.max(0, share)));
      point(root, i, ...root.at);
    };
  });
}

function text(value) {
  return Math.abs(value) >= 100 ? value.toPrecision(3) : value.toFixed(2);
}

function valueOf(row, unit, step, steps) {
  const level = row.bytes[unit * steps + step];
  return level ? text(((level - ZERO) / (255 - ZERO)) * row.scale) : "left out";
}

/** Mark a step in every row, and a unit in those that have as many; tell what is there. */
function point(root, which, x, y) {
  const { data, rows } = root, steps = data.length;
  if (which >= 0) root.at = [x, y];
  const step = Math.min(steps - 1, Math.max(0, Math.floor(x * steps)));
  const count = which < 0 ? 0 : data.rows[which].count;
  const unit = Math.min(count - 1, Math.max(0, Math.floor(y * count)));
  rows.forEach((one, i) => {
    const row = data.rows[i];
    const same = i === which || (which >= 0 && row.units && data.rows[which].units && row.count === count);
    one.cursor.hidden = which < 0;
    one.cursor.style.left = `${(100 * step) / steps}%`;
    one.cursor.style.width = `${100 / steps}%`;
    one.unit.hidden = !same || row.count === 1;
    one.unit.style.top = `${(100 * unit) / row.count}%`;
    one.unit.style.height = `${100 / row.count}%`;
    one.read.textContent = which < 0 ? "" : told(row, i === which, same, unit, step, steps);
  });
}

function told(row, here, same, unit, step, steps) {
  const at = here ? `step ${step + 1}` : "";
  if (row.texts) return [at, row.texts[step]].filter(Boolean).join(": ");
  if (!row.units && row.count <= 3) return row.labels.map((label, i) => `${label} ${valueOf(row, i, step, steps)}`).join(", ");
  if (!same) return "";
  return `${row.labels ? row.labels[unit] : `unit ${unit + 1}`}${here ? `, ${at}` : ""}: ${valueOf(row, unit, step, steps)}`;
}

function draw(root, i, width, theme) {
  const { data } = root, row = data.rows[i], steps = data.length;
  const tall = row.texts ? TOKEN : row.count * Math.max(2, Math.min(14, Math.round(104 / row.count)));
  const context = sized(root.rows[i].canvas, width, tall);
  const colours = coloured(row.bytes, theme.colours);
  for (let k = 0; k < colours.length; k++) if (!row.bytes[k]) colours[k] = 0; // left out: nothing is drawn
  context.drawImage(picture(steps, row.count, colours), 0, 0, width, tall);
  if (!row.texts) return;
  context.font = `12px ${theme.font}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  const fit = (texts) => texts.every((each) => context.measureText(each).width <= width / steps - 2);
  const kinds = [...new Set(row.texts)], initials = kinds.map((each) => each[0]);
  const short = !fit(kinds); // then their first letters, where these tell them apart
  if (short && !(fit(initials) && new Set(initials).size === kinds.length)) return;
  row.texts.forEach((full, step) => {
    const each = short ? full[0] : full;
    context.fillStyle = row.bytes[step] > 200 ? theme.page : theme.text;
    context.fillText(each, ((step + 0.5) * width) / steps, tall / 2 + 0.5);
  });
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  for (const row of data.rows) row.bytes = bytes(row.pixels);
  root.data = data;
  if (root.rows?.length !== data.rows.length) build(root, data.rows.length);
  data.rows.forEach((row, i) => {
    const one = root.rows[i];
    one.name.textContent = row.name;
    one.note.textContent = row.note;
    one.canvas.setAttribute("aria-label", `${row.name}: ${row.note}`);
  });
  point(root, -1, 0, 0);
  ["step 1", "", `step ${data.length}`].forEach((each, i) => (root.axis.children[i].textContent = each));
  const repaint = () => {
    root.classList.toggle("narrow", root.clientWidth < THIN);
    const style = getComputedStyle(root), colour = (name) => style.getPropertyValue(name).trim();
    const theme = {
      font: colour("--st-font") || "sans-serif",
      text: colour("--st-text-color"),
      page: colour("--st-background-color"),
      colours: palette(isDark(root)),
    };
    const width = Math.max(120, root.rows[0].plot.clientWidth);
    data.rows.forEach((_, i) => draw(root, i, width, theme));
  };
  repaint();
  return onResize(root, repaint);
}
