// One head all at once: items times weights, queries times keys, shares times values, each as numbers and colours.

const WAIT = 250; // ms after the last key, before Python is asked
const NAMES = { query: "Q", key: "K", value: "V" };
const JOBS = { query: "asks", key: "offers", value: "gives" };

function build(root) {
  root.innerHTML = '<div class="group"><p class="hint muted">Type into the weights. A row of X times a column of W is one number of that row.</p></div><div class="flow"></div><p class="read muted number" aria-live="polite"></p>';
  const [group, flow] = root.children;
  root.parts = {};
  const add = (parent, name, kind) => {
    root.parts[name] = element("div", `part ${kind}`);
    parent.append(root.parts[name]);
  };
  for (const name of Object.keys(NAMES)) add(group, `${name}_weights`, name === "query" ? "weights" : "weights bare");
  add(group, "items", "items");
  for (const name of Object.keys(NAMES)) add(group, name, "result bare");
  for (const name of ["scores", "scaled", "weights", "output"]) add(flow, name, "step");
  root.pending = {};
}

/** On a narrow page a head's weights stand above what they make. */
function arrange(root, narrow) {
  const wide = ["query_weights", "key_weights", "value_weights", "items", "query", "key", "value"];
  const stacked = ["items", "query_weights", "query", "key_weights", "key", "value_weights", "value"];
  const order = narrow ? stacked : wide;
  if (root.narrow === narrow) return;
  root.narrow = narrow;
  root.classList.toggle("narrow", narrow);
  root.firstElementChild.append(...order.map((name) => root.parts[name]));
}

function edited(root, part, field) {
  clearTimeout(root.pending[part]);
  root.pending[part] = setTimeout(() => {
    root.pending[part] = null;
    const node = root.parts[part], exact = root.data[part].flat(); // a cell shows two places, and keeps all of its own
    const fields = node.lines.flatMap((line) => line.cells_.map((cell) => cell.firstElementChild));
    const shown = exact.map((value) => figure(value, root.cell));
    const values = fields.map((each, i) => (each.value === shown[i] ? exact[i] : Number(each.value.trim().replace(",", ".").replace("−", "-") || 0)));
    const wrong = values.findIndex((value) => !(Math.abs(value) <= root.data.most)); // NaN too
    fields.forEach((each, i) => each.setAttribute("aria-invalid", String(!(Math.abs(values[i]) <= root.data.most))));
    if (wrong >= 0) {
      const typed = `“${fields[wrong].value}”`;
      return say(root, Number.isNaN(values[wrong]) ? `${typed} is no number: type one such as -1 or 0.5.` : `${typed} is too large: a weight is −${root.data.most} to ${root.data.most}.`, true);
    }
    say(root, "");
    root.edit({ part: part.replace("_weights", ""), values, size: node.lines.length, head: root.data.head, serial: Date.now() });
  }, WAIT);
}

function say(root, text, bad = false) {
  const node = root.querySelector(".read");
  node.textContent = text;
  node.classList.toggle("bad", bad);
}

function draw(root) {
  const { data, colours } = root, count = data.names.length, width = data.features.length;
  const room = root.clientWidth, narrow = room < 700;
  arrange(root, narrow);
  const half = Math.floor((room - 170) / (2 * width)) - 2, two = half >= 24; // a head's weights beside what they make
  root.classList.toggle("two", two);
  const across = narrow ? (two ? half : Math.floor((room - 80) / Math.max(count, width)) - 2) : Math.min(Math.floor((room - 222) / (4 * width)), Math.floor((room - 170) / (3 * count + width))) - 2;
  const cell = Math.max(22, Math.min(38, across));
  const line = 2 * 80 + 3 * 24 + (3 * count + width) * (cell + 2); // of scores, shares and output, named on both sides
  for (const name of ["scaled", "weights", "output"]) root.parts[name].classList.toggle("bare", !narrow && (name !== "output" || line > room));
  root.cell = cell;
  root.style.setProperty("--cell", `${cell}px`);
  root.style.setProperty("--tall", `${Math.min(cell, 32)}px`);
  root.style.setProperty("--heads", heads(data.names, data.features));
  const pick = (i) => root.pick(i), common = { colours, cell };
  const both = peak([data.scores, data.scaled]);
  const draws = (name, spec) => matrix(root.parts[name], { ...common, ...spec });
  for (const [name, letter] of Object.entries(NAMES)) {
    const part = `${name}_weights`;
    root.parts[part].spec_name = `W ${letter}`;
    draws(part, {
      title: "W", below: letter, note: `what it ${JOBS[name]}`, values: data[part], rows: data.features, columns: data.labels,
      edit: (field) => edited(root, part, field), waiting: () => root.pending[part], refill: () => draw(root),
    });
    draws(name, { title: letter, note: "X · W", values: data[name], rows: data.names, columns: data.labels, asks: name === "query" ? data.asks : -1 });
  }
  draws("items", { title: "X", note: "the items", values: data.items, rows: data.names, columns: data.features, asks: data.asks, pick });
  const of = (i, j) => `${data.names[i]} asks ${data.names[j]}`;
  const square = { rows: data.names, columns: data.names, asks: data.asks, pick };
  draws("scores", { ...square, title: "QKᵀ", note: "query · key", values: data.scores, largest: both, tell: (i, j) => say(root, `${of(i, j)}: q · k = ${figure(data.scores[i][j])}`) });
  draws("scaled", {
    ...square, title: data.root ? `÷ √${data.width}` : "as it is", note: data.causal ? "no look ahead" : "", values: data.scaled, largest: both,
    tell: (i, j) => say(root, data.scaled[i][j] === null ? `${data.names[i]} may not look at ${data.names[j]}, which comes later` : `${of(i, j)}: ${figure(data.scaled[i][j])}`),
  });
  draws("weights", { ...square, title: "Weights", note: "softmax of each row", values: data.weights, largest: 1, tell: (i, j) => say(root, `${data.names[i]} gives ${data.names[j]} ${percent(data.weights[i][j])} of its attention`) });
  draws("output", { title: "Output", note: "weights · V", values: data.output, rows: data.names, columns: data.labels, largest: peak(data.value), asks: data.asks, pick, tell: (i, j) => say(root, `${data.names[i]} takes away ${data.labels[j]} = ${figure(data.output[i][j])}`) });
}

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".root");
  if (!root.firstElementChild) build(root);
  root.pick = (i) => setStateValue("asks", { row: i, serial: Date.now() });
  root.edit = (change) => setStateValue("edit", change);
  root.colours = palette(isDark(root));
  root.data = data;
  draw(root);
  return onResize(root, () => draw(root));
}
