// Several heads side by side: who looks at whom as lines and as numbers, and what they find, put together.

const ROW = 27; // CSS pixels of an item among the lines, as the sheet has it
const SVG = "http://www.w3.org/2000/svg";

function headOf(root, i) {
  root.heads ??= [];
  if (root.heads[i]) return root.heads[i];
  const node = element("section", "head"), lines = element("div", "lines");
  const picture = document.createElementNS(SVG, "svg");
  picture.setAttribute("role", "img");
  picture.setAttribute("preserveAspectRatio", "none");
  lines.append(element("div", "side"), picture, element("div", "side"));
  node.append(element("h4"), element("p", "job muted"), lines, element("div", "part"));
  root.heads[i] = { node, lines, picture, paths: [], part: node.lastChild };
  return root.heads[i];
}

function lines(root, head, one) {
  const { data } = root, count = data.names.length, [left, right] = [head.lines.firstChild, head.lines.lastChild];
  if (left.children.length !== count) {
    left.replaceChildren(...data.names.map((_, i) => {
      const button = element("button");
      button.type = "button";
      button.onclick = () => root.pick(i);
      return button;
    }));
    right.replaceChildren(...data.names.map(() => element("span", "given")));
    head.paths = data.names.map(() => data.names.map(() => document.createElementNS(SVG, "path")));
    head.picture.replaceChildren(...head.paths.flat());
  }
  data.names.forEach((name, i) => {
    const button = left.children[i];
    button.textContent = button.title = right.children[i].textContent = right.children[i].title = name;
    button.setAttribute("aria-label", `${name} asks`);
    button.setAttribute("aria-pressed", String(i === data.asks));
  });
  const width = Math.max(30, head.picture.clientWidth || 90);
  head.picture.style.height = `${ROW * count}px`;
  head.picture.setAttribute("viewBox", `0 0 ${width} ${ROW * count}`);
  head.paths.forEach((row, i) => row.forEach((path, j) => {
    const [from, to] = [ROW * (i + 0.5), ROW * (j + 0.5)], share = one.weights[i][j], mine = i === data.asks;
    path.setAttribute("d", `M0,${from}C${width / 2},${from} ${width / 2},${to} ${width},${to}`);
    path.classList.toggle("from", mine);
    path.style.strokeWidth = `${(8 * share).toFixed(2)}px`;
    path.style.opacity = share < 0.005 ? 0 : (mine ? 0.95 : 0.12 + 0.4 * share).toFixed(3);
  }));
  head.picture.append(...head.paths[data.asks]); // on top
  const told = data.names.map((name, i) => {
    const row = one.weights[i], best = row.indexOf(Math.max(...row));
    return `${name} most at ${data.names[best]}, ${percent(row[best])}`;
  });
  head.picture.setAttribute("aria-label", `Who looks at whom: ${told.join("; ")}`);
}

function draw(root) {
  const { data, colours } = root, count = data.names.length;
  root.classList.toggle("narrow", root.clientWidth < 560);
  const stage = root.firstElementChild, joined = root.lastElementChild;
  const four = data.heads.length === 4 && count > 6; // two and two, each with its numbers beside its lines
  root.style.setProperty("--least", four ? "420px" : count > 6 ? "265px" : "235px");
  root.style.setProperty("--heads", heads(data.names));
  joined.style.setProperty("--heads", heads(...data.heads.map((one) => one.labels)));
  const wanted = data.heads.map((_, i) => headOf(root, i).node);
  if (wanted.length !== stage.children.length) stage.replaceChildren(...wanted);
  data.heads.forEach((one, i) => {
    const head = headOf(root, i), room = head.node.clientWidth >= 430 ? head.node.clientWidth - 325 : head.node.clientWidth - 106;
    const cell = Math.max(20, Math.min(34, Math.floor(room / count) - 2));
    head.node.style.setProperty("--cell", `${cell}px`);
    head.node.style.setProperty("--tall", `${Math.min(cell, 26)}px`);
    head.node.style.setProperty("--label", "4.2rem");
    head.node.classList.toggle("shown", i === data.shown && data.heads.length > 1);
    head.node.querySelector("h4").textContent = `Head ${i + 1}`;
    head.node.querySelector(".job").textContent = one.job;
    lines(root, head, one);
    matrix(head.part, { title: "Weights", note: "in percent", values: one.weights, rows: data.names, columns: data.names, largest: 1, asks: data.asks, colours, cell, format: percents });
  });
  const blocks = joined.querySelector(".blocks");
  while (blocks.children.length > data.heads.length) blocks.lastChild.remove();
  while (blocks.children.length < data.heads.length) blocks.append(element("div", blocks.children.length ? "part block bare" : "part block"));
  const wide = data.heads[0].output[0].length, largest = peak(data.heads.map((one) => one.output));
  const narrow = root.clientWidth < 560;
  const cell = Math.max(24, Math.min(38, Math.floor((root.clientWidth - 84) / (narrow ? wide : wide * data.heads.length)) - 3));
  joined.style.setProperty("--cell", `${cell}px`);
  joined.style.setProperty("--tall", `${Math.min(cell, 30)}px`);
  joined.querySelector(".size").textContent = `${count} × ${wide * data.heads.length}`;
  data.heads.forEach((one, i) => {
    matrix(blocks.children[i], { title: `Head ${i + 1}`, values: one.output, rows: data.names, columns: one.labels, largest, asks: data.asks, colours, cell });
  });
}

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".root");
  if (!root.firstElementChild)
    root.innerHTML = '<div class="stage"></div><div class="joined"><h4>Side by side: <span class="size number"></span></h4><p class="muted">What each item takes away from each head. A Transformer multiplies it by one more matrix, W<sub>O</sub>, which mixes what the heads have found.</p><div class="blocks"></div></div>';
  root.pick = (i) => setStateValue("asks", { row: i, serial: Date.now() });
  root.colours = palette(isDark(root));
  root.data = data;
  draw(root);
  return onResize(root, () => draw(root));
}
