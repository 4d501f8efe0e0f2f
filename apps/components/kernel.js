// A kernel that slides over a grid: cells to edit, a window to step or play, products that land in the output.

const SPEEDS = { Slow: 900, Medium: 380, Fast: 90 };
const WAIT = 250; // ms after the last key, before Python is asked

function show(value) {
  const text = Number(value.toFixed(2)).toString();
  return text === "-0" ? "0" : text;
}

function shade(node, value, largest, colours) {
  const level = Math.round(128 + 127 * Math.max(-1, Math.min(1, largest ? value / largest : 0)));
  const colour = colours[level];
  const [red, green, blue] = [colour & 255, (colour >> 8) & 255, (colour >> 16) & 255];
  node.style.background = `rgb(${red} ${green} ${blue})`;
  node.style.color = 0.299 * red + 0.587 * green + 0.114 * blue < 140 ? "#ffffff" : "#1c1a2b";
}

function build(root) {
  root.innerHTML = `
    <div class="bar" role="group" aria-label="The slide">
      <button type="button" data-do="first">Start</button><button type="button" data-do="back">Back</button>
      <button type="button" class="main" data-do="play">Play</button>
      <button type="button" data-do="step">Step</button><button type="button" data-do="all">All</button>
      <label class="muted">Speed <select>${Object.keys(SPEEDS).map((name) => `<option>${name}</option>`).join("")}</select></label>
      <label class="muted"><input type="checkbox" class="brush"> Paint cells</label>
      <span class="where muted number" aria-live="polite"></span>
    </div>
    <div class="stage"><section class="grids"></section><section class="kernels"></section>
      <section class="products"></section><section class="out"></section></div>`;
  root.querySelector("select").value = "Medium";
  const does = {
    first: () => go(root, 0, 0), back: () => go(root, root.at - 1, root.at - 1), play: () => toggle(root),
    step: () => go(root, root.fresh ? 0 : root.at + 1, root.fresh ? 0 : root.at + 1),
    all: () => go(root, root.count - 1, root.count - 1),
  };
  root.querySelectorAll("[data-do]").forEach((button) => {
    button.onclick = () => {
      if (button.dataset.do !== "play") pause(root);
      does[button.dataset.do]();
    };
  });
  root.querySelector(".brush").onchange = (event) => root.classList.toggle("painting", event.target.checked);
  root.addEventListener("keydown", (event) => {
    const key = event.key;
    if (event.target.matches(".cell")) return;
    if (event.target.matches("select, .brush") || !["ArrowLeft", "ArrowRight"].includes(key)) return;
    event.preventDefault();
    pause(root);
    (key === "ArrowLeft" ? does.back : does.step)();
  });
}

function pause(root) {
  clearTimeout(root.timer);
  root.timer = null;
  root.querySelector("[data-do=play]").textContent = "Play";
}

function toggle(root) {
  if (root.timer) return pause(root);
  if (root.fresh || root.at >= root.count - 1) go(root, 0, 0);
  root.querySelector("[data-do=play]").textContent = "Pause";
  const tick = () => {
    if (root.at >= root.count - 1) return pause(root);
    go(root, root.at + 1, root.at + 1);
    root.timer = setTimeout(tick, SPEEDS[root.querySelector("select").value]);
  };
  root.timer = setTimeout(tick, SPEEDS[root.querySelector("select").value]);
}

/** Lay the window on a place; the outputs up to `landed` are shown. */
function go(root, at, landed) {
  root.fresh = false;
  root.at = Math.max(0, Math.min(root.count - 1, at));
  root.landed = Math.max(0, Math.min(root.count - 1, landed));
  mark(root);
}

function plane(rows, columns, label) {
  const node = element("div", "plane");
  node.style.setProperty("--columns", columns);
  node.setAttribute("role", "group");
  node.setAttribute("aria-label", label);
  return node;
}

/** Cells of a grid or kernel to type into, one plane a channel; arrows go from cell to cell. */
function editable(root, part, values, before, padded) {
  const [rows, columns, depth] = [values.length, values[0].length, values[0][0].length];
  const section = root.querySelector(part === "grid" ? ".grids" : ".kernels");
  section.replaceChildren(element("h4", "", part === "grid" ? "Grid" : "Kernel"));
  const made = { inputs: [], places: [], rows, columns, depth };
  for (let c = 0; c < depth; c++) {
    if (depth > 1) section.append(element("div", "muted name", `Channel ${c + 1}`));
    const node = plane(padded[0], padded[1], `${part}${depth > 1 ? `, channel ${c + 1}` : ""}`);
    const places = [];
    for (let y = 0; y < padded[0]; y++) {
      for (let x = 0; x < padded[1]; x++) {
        const [row, column] = [y - before[0], x - before[1]];
        const inside = row >= 0 && row < rows && column >= 0 && column < columns;
        const cell = element(inside ? "input" : "div", inside ? "cell" : "cell zero", inside ? undefined : "0");
        if (inside) {
          const index = (row * columns + column) * depth + c;
          cell.type = "text";
          cell.inputMode = "decimal";
          cell.maxLength = 8;
          cell.autocomplete = "off";
          cell.setAttribute("aria-label", `${part} row ${row + 1}, column ${column + 1}${depth > 1 ? `, channel ${c + 1}` : ""}`);
          cell.tabIndex = row === 0 && column === 0 ? 0 : -1;
          cell.oninput = () => edited(root, part);
          cell.onblur = () => { if (!root.pending[part]) fill(root, part); };
          cell.onfocus = () => cell.select();
          cell.onkeydown = (event) => {
            const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], Enter: [1, 0] }[event.key];
            if (!step) return;
            event.preventDefault();
            const [r, k] = [row + step[0], column + step[1]];
            if (r >= 0 && r < rows && k >= 0 && k < columns) made.inputs[(r * columns + k) * depth + c].focus();
          };
          if (part === "grid") brush(root, cell);
          made.inputs[index] = cell;
        }
        places.push(cell);
        node.append(cell);
      }
    }
    made.places.push(places);
    section.append(node);
  }
  root.parts[part] = made;
}

function brush(root, cell) {
  const paint = () => {
    if (cell.value === root.ink) return;
    cell.value = root.ink;
    edited(root, "grid");
    shade(cell, Number(root.ink), root.largest.grid, root.colours);
  };
  cell.onpointerdown = (event) => {
    if (!root.classList.contains("painting")) return;
    event.preventDefault();
    root.ink = Number(cell.value) ? "0" : show(root.white);
    root.down = true;
    paint();
    window.addEventListener("pointerup", () => (root.down = false), { once: true });
    if (cell.hasPointerCapture?.(event.pointerId)) cell.releasePointerCapture(event.pointerId);
  };
  cell.onpointerenter = () => root.down && paint();
}

function edited(root, part) {
  clearTimeout(root.pending[part]);
  root.pending[part] = setTimeout(() => {
    root.pending[part] = null;
    const cells = root.parts[part].inputs;
    const exact = root.data[part].flat(2); // a cell shows two places: what was not typed over keeps all of its own
    const values = cells.map((cell, i) => (cell.value === show(exact[i]) ? exact[i] : Number(cell.value.trim().replace(",", ".") || 0)));
    const wrong = [...values.keys()].filter((i) => !(Math.abs(values[i]) <= root.data.most)); // NaN too
    cells.forEach((cell, i) => cell.setAttribute("aria-invalid", String(wrong.includes(i))));
    root.querySelector(".where").classList.toggle("bad", wrong.length > 0);
    if (wrong.length) {
      const typed = `“${cells[wrong[0]].value}”`;
      root.querySelector(".where").textContent = Number.isNaN(values[wrong[0]])
        ? `${typed} is no number: type one such as -1 or 0.5.`
        : `${typed} is too large: a cell holds −${root.data.most} to ${root.data.most}.`;
      return;
    }
    root.tell({ part, values, shape: [root.parts[part].rows, root.parts[part].columns, root.parts[part].depth], serial: ++root.serial });
  }, WAIT);
}

function fill(root, part) {
  const values = root.data[part].flat(2);
  root.parts[part].inputs.forEach((cell, i) => {
    if (cell !== root.getRootNode().activeElement && cell.getAttribute("aria-invalid") !== "true") cell.value = show(values[i]);
    shade(cell, values[i], root.largest[part], root.colours);
  });
}

function outputs(root) {
  const { output } = root.data;
  const section = root.querySelector(".out");
  section.replaceChildren(element("h4", "", "Output"));
  const node = plane(output.length, output[0].length, "output");
  root.cells = output.flat().map((_, i) => {
    const cell = element("button", "cell");
    cell.type = "button";
    cell.tabIndex = i ? -1 : 0;
    cell.onclick = () => { pause(root); go(root, i, Math.max(root.landed, i)); };
    node.append(cell);
    return cell;
  });
  section.append(node, element("p", "muted note", "Click a number to see how it came about."));
}

function mark(root) {
  const { data } = root;
  const columns = data.output[0].length;
  const [top, left] = [Math.floor(root.at / columns) * data.stride[0], (root.at % columns) * data.stride[1]];
  const [height, width] = [data.applied.length, data.applied[0].length];
  const under = new Set();
  for (let m = 0; m < height; m++) for (let n = 0; n < width; n++)
    under.add((top + m * data.dilation[0]) * data.padded[1] + left + n * data.dilation[1]);
  for (const places of root.parts.grid.places)
    places.forEach((cell, i) => cell.classList.toggle("under", under.has(i)));
  const found = data.output.flat();
  root.cells.forEach((cell, i) => {
    const landed = i <= root.landed;
    cell.textContent = landed ? show(found[i]) : "";
    cell.classList.toggle("under", i === root.at);
    cell.setAttribute("aria-label", `output row ${Math.floor(i / columns) + 1}, column ${(i % columns) + 1}: ${landed ? show(found[i]) : "not yet"}`);
    if (landed) shade(cell, found[i], root.largest.output, root.colours);
    else cell.style.background = cell.style.color = "";
  });
  multiply(root, height, width, found[root.at]);
  const where = root.querySelector(".where");
  if (!where.classList.contains("bad")) where.textContent = `Place ${root.at + 1} of ${root.count}`;
}

function multiply(root, height, width, total) {
  const { data } = root;
  const depth = data.applied[0][0].length, each = height * width * depth;
  const products = data.products.slice(root.at * each, (root.at + 1) * each);
  const section = root.querySelector(".products");
  section.replaceChildren(element("h4", "", `${each} products and their sum`));
  const columns = data.output[0].length, sums = [];
  for (let c = 0; c < depth; c++) {
    const node = plane(height, width, "products");
    const terms = [];
    for (let m = 0; m < height; m++) for (let n = 0; n < width; n++) {
      const y = Math.floor(root.at / columns) * data.stride[0] + m * data.dilation[0] - data.before[0];
      const x = (root.at % columns) * data.stride[1] + n * data.dilation[1] - data.before[1];
      const value = data.grid[y]?.[x]?.[c] ?? 0, product = products[(m * width + n) * depth + c];
      const cell = element("div", "cell product");
      cell.append(element("small", "", `${show(value)} × ${factor(show(data.applied[m][n][c]))}`), element("b", "", show(product)));
      shade(cell, product, root.largest.products, root.colours);
      node.append(cell);
      terms.push(product);
    }
    if (depth > 1) section.append(element("div", "muted name", `Channel ${c + 1}`));
    section.append(node);
    const sum = terms.reduce((a, b) => a + b, 0);
    sums.push(sum);
    const written = terms.length <= 9 ? terms.map(show).join(" + ").replaceAll("+ -", "− ") + " = " : "sum: ";
    section.append(element("div", "sum number", `${written}${show(depth > 1 ? sum : total)}`));
  }
  if (depth > 1)
    section.append(element("div", "sum number total", `${sums.map(show).join(" + ").replaceAll("+ -", "− ")} = ${show(total)}`));
}

/** The edge of a cell, so that what is widest fits. */
function measure(root) {
  const { padded, output, applied } = root.data;
  const room = Math.max(240, root.clientWidth);
  const fit = (columns, largest) => Math.max(17, Math.min(largest, Math.floor((room - 4) / columns) - 2));
  root.querySelector(".grids").style.setProperty("--cell", `${fit(padded[1], padded[1] > 10 ? 30 : 38)}px`);
  root.querySelector(".kernels").style.setProperty("--cell", `${fit(applied[0].length, 38)}px`);
  root.querySelector(".products").style.setProperty("--cell", `${fit(applied[0].length, 50)}px`);
  root.querySelector(".out").style.setProperty("--cell", `${fit(output[0].length, output[0].length > 10 ? 30 : 38)}px`);
}

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".root");
  root.tell = (edit) => setStateValue("edit", edit);
  if (!root.firstElementChild) {
    build(root);
    Object.assign(root, { parts: {}, pending: {}, serial: Date.now() });
  }
  root.colours = palette(isDark(root));
  root.data = data;
  root.white = Math.max(...data.grid.flat(2), 0) || 1;
  const peak = (values) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  root.largest = { grid: peak(data.grid.flat(2)), kernel: peak(data.kernel.flat(2)), output: peak(data.output.flat()), products: peak(data.products) };
  const size = (values) => [values.length, values[0].length, values[0][0]?.length].join();
  const shape = [size(data.grid), size(data.kernel), size(data.output), data.padded, data.before, data.stride, data.dilation].join("/");
  if (root.shape !== shape) {
    pause(root);
    root.shape = shape;
    root.count = data.output.length * data.output[0].length;
    Object.assign(root, { at: 0, landed: root.count - 1, fresh: true, pending: {} });
    root.querySelector(".where").classList.remove("bad");
    editable(root, "grid", data.grid, data.before, data.padded);
    editable(root, "kernel", data.kernel, [0, 0], [data.kernel.length, data.kernel[0].length]);
    outputs(root);
  }
  for (const part of ["grid", "kernel"]) if (!root.pending[part]) fill(root, part);
  const fresh = root.fresh;
  mark(root);
  root.fresh = fresh;
  measure(root);
  const end = onResize(root, () => measure(root));
  return () => { end(); };
}
