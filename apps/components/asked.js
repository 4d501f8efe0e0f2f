// What becomes of one query: from top to bottom its keys, scores, shares and values, an item a column.

const PACE = 1400; // ms from one step to the next while it plays

const BLOCKS = [ // in the order in which they are shown: name, its rows, title and note
  { name: "keys", title: "Keys", note: () => "what each item offers; on the left the query, what is asked for" },
  { name: "scores", label: "q · k" },
  { name: "scaled", label: (data) => (data.root ? `÷ √${data.width}` : "as it is") },
  { name: "shifted", label: "− largest" },
  { name: "exponentials", label: "exp" },
  { name: "weights", label: "share" },
  { name: "values", title: "Values", note: () => "what each item gives" },
  { name: "parts", title: "Share times value", note: () => "and their sum on the right: the output" },
];

function says(root) {
  const { data } = root, name = data.names[data.asks], first = data.order[0], dims = data.query.length;
  const terms = Array.from({ length: dims }, (_, d) => `${factor(figure(data.query[d]))} × ${factor(figure(data.keys[first][d]))}`).join(" + ");
  const barred = data.scaled.includes(null) ? " Items that come later may not be looked at: their score is −∞." : "";
  return [
    `${name} asks. Its query stands on the left, and under each item its key.`,
    `Number times number, all summed: how well a key fits the query. For ${data.names[first]}: ${terms} = ${figure(data.scores[first])}.`,
    data.root
      ? `Divided by √${data.width} = ${figure(Math.sqrt(data.width))}: else longer vectors would make larger scores, and so sharper shares.${barred}`
      : `Not divided by √${data.width}: the shares become sharper.${barred}`,
    "The largest is subtracted from each. It leaves the shares as they are, and keeps exp from growing beyond all numbers.",
    `exp makes every score positive: what fits a little better gets a lot more. The sum is ${figure(data.total)}.`,
    `Each by the sum: ${name} gives ${data.order.slice(0, 2).map((i) => `${data.names[i]} ${percent(data.weights[i])}`).join(", ")} of its attention. All shares sum to 1.`,
    "What each item gives, whoever asks: its value.",
    `Each value by its share, all summed: that is what ${name} takes away.`,
  ];
}

function build(root) {
  root.innerHTML = `<div class="bar" role="group" aria-label="The steps"><button type="button" data-do="first">Start</button>
    <button type="button" data-do="back">Back</button><button type="button" class="main" data-do="play">Play</button>
    <button type="button" data-do="next">Step</button><button type="button" data-do="all">All</button>
    <span class="where muted number"></span></div><p class="say" aria-live="polite"></p><div class="scroll"></div>`;
  const last = BLOCKS.length - 1;
  const does = {
    first: () => go(root, 0), back: () => go(root, root.at - 1), next: () => go(root, root.fresh ? 0 : root.at + 1),
    all: () => go(root, last), play: () => play(root),
  };
  root.querySelectorAll("[data-do]").forEach((button) => {
    button.onclick = () => {
      if (button.dataset.do !== "play") pause(root);
      does[button.dataset.do]();
    };
  });
  Object.assign(root, { at: last, fresh: true });
}

function pause(root) {
  clearTimeout(root.timer);
  root.timer = null;
  root.querySelector("[data-do=play]").textContent = "Play";
}

function play(root) {
  if (root.timer) return pause(root);
  go(root, root.at >= BLOCKS.length - 1 ? 0 : root.at);
  root.querySelector("[data-do=play]").textContent = "Pause";
  const tick = () => {
    if (root.at >= BLOCKS.length - 1) return pause(root);
    go(root, root.at + 1);
    root.timer = setTimeout(tick, PACE);
  };
  root.timer = setTimeout(tick, PACE);
}

function go(root, at) {
  root.fresh = false;
  root.at = Math.max(0, Math.min(BLOCKS.length - 1, at));
  mark(root);
}

/** Show the steps up to the one that it is at. */
function mark(root) {
  for (const [name, lines] of Object.entries(root.lines)) {
    const step = BLOCKS.findIndex((block) => block.name === name);
    for (const line of lines) {
      line.classList.toggle("later", step > root.at);
      line.classList.toggle("now", !root.fresh && step === root.at);
    }
  }
  root.querySelector(".where").textContent = `Step ${root.at + 1} of ${BLOCKS.length}`;
  root.querySelector(".say").textContent = says(root)[root.at];
  root.querySelector("[data-do=back]").disabled = root.at === 0;
  root.querySelector("[data-do=next]").disabled = root.at === BLOCKS.length - 1 && !root.fresh;
}

/** The rows of a block: their names, the number on the left, those of the items, and that on the right. */
function rowsOf(data, block) {
  if (block.name === "keys") return data.labels.map((dim, d) => [dim, data.query[d], data.keys.map((key) => key[d]), undefined]);
  if (block.name === "values") return data.labels.map((dim, d) => [dim, undefined, data.values.map((value) => value[d]), undefined]);
  if (block.name === "parts") return data.labels.map((dim, d) => [dim, undefined, data.parts.map((part) => part[d]), data.output[d]]);
  const label = typeof block.label === "function" ? block.label(data) : block.label;
  const sum = { exponentials: data.total, weights: 1 }[block.name];
  return [[label, undefined, data[block.name], sum]];
}

function skeleton(root) {
  const { data } = root, table = element("table"), head = element("thead"), body = element("tbody"), top = element("tr");
  const columns = ["q", ...data.names, "Σ"];
  top.append(element("td"), ...columns.map(() => element("th")));
  root.heads = [...top.querySelectorAll("th")];
  for (const each of root.heads) each.append(element("span"));
  head.append(top);
  root.lines = {};
  for (const block of BLOCKS) {
    root.lines[block.name] = [];
    if (block.title) {
      const line = element("tr", "block"), title = element("th");
      title.colSpan = columns.length + 1;
      title.append(block.title, element("span", "muted", block.note()));
      line.append(title);
      body.append(line);
    }
    for (let i = 0; i < rowsOf(data, block).length; i++) {
      const line = element("tr", block.title ? "" : "lone"), name = element("th");
      name.scope = "row";
      line.append(name, ...columns.map(() => element("td", "cell")));
      body.append(line);
      root.lines[block.name].push(line);
    }
  }
  table.append(head, body);
  root.querySelector(".scroll").replaceChildren(table);
}

function draw(root) {
  const { data, colours } = root, scores = peak([data.scores, data.scaled]);
  const room = root.clientWidth - 76, cell = Math.max(26, Math.min(78, Math.floor(room / (data.names.length + 2)) - 2));
  root.style.setProperty("--cell", `${cell}px`);
  root.classList.toggle("upright", cell < 58);
  const largest = { keys: peak(data.keys), scores, scaled: scores, shifted: Math.max(scores, peak(data.shifted)), exponentials: 1, weights: 1, values: peak(data.values), parts: peak(data.values) };
  ["q", ...data.names, "Σ"].forEach((name, j) => {
    const head = root.heads[j];
    head.scope = "col";
    head.firstChild.textContent = head.title = name;
    head.classList.toggle("who", j === data.asks + 1);
  });
  for (const block of BLOCKS) {
    rowsOf(data, block).forEach(([name, left, values, right], i) => {
      const line = root.lines[block.name][i];
      line.firstChild.textContent = line.firstChild.title = name;
      [left, ...values, right].forEach((value, j) => {
        const node = line.children[j + 1];
        node.className = value === undefined ? "" : `cell${j === 0 ? " q" : j > values.length ? " sum" : ""}`;
        if (value === undefined) return;
        const most = j === 0 ? peak(data.query) : block.name === "exponentials" && j > values.length ? right : largest[block.name];
        fill(node, value, most, { colours, cell });
      });
    });
  }
  mark(root);
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  if (!root.firstElementChild) build(root);
  root.colours = palette(isDark(root));
  data.order = [...data.weights.keys()].sort((a, b) => data.weights[b] - data.weights[a]);
  root.data = data;
  const size = [data.names.length, data.labels.length, data.labels.length].join();
  if (root.size !== size) {
    root.size = size;
    skeleton(root);
  }
  draw(root);
  const end = onResize(root, () => draw(root));
  return () => {
    end();
  };
}
