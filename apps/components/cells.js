// Numbers in coloured cells, and the matrices that are made of them.

function light(channel) {
  const share = channel / 255;
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
}

/** Colour a cell by a value, and its number in black or white: whichever stands out more (4.5 : 1 at the least). */
function tint(node, value, largest, colours) {
  const colour = colours[Math.round(128 + 127 * Math.max(-1, Math.min(1, largest ? value / largest : 0)))];
  const [red, green, blue] = [colour & 255, (colour >> 8) & 255, (colour >> 16) & 255];
  const luminance = 0.2126 * light(red) + 0.7152 * light(green) + 0.0722 * light(blue);
  node.style.backgroundColor = `rgb(${red} ${green} ${blue})`;
  node.style.color = luminance > 0.179 ? "#000000" : "#ffffff";
}

/** A number as short as a cell is wide. */
function figure(value, cell = 40) {
  if (value === null) return "−∞";
  const size = Math.abs(value), narrow = cell < 34, tight = cell < 29;
  const places = size >= 100 || (tight && size >= 10) ? 0 : size >= 10 || (narrow && size >= 1) ? 1 : 2;
  const text = size >= 1e4 ? value.toExponential(0).replace("+", "") : value.toFixed(places);
  const short = text.includes(".") ? text.replace(/\.?0+$/, "") : text;
  if (Number(short) === 0) return "0";
  return (tight ? short.replace("0.", ".") : short).replace("-", "−");
}

function percents(share) {
  return String(Math.round(100 * share));
}

function peak(values) {
  return values.flat(2).reduce((most, value) => Math.max(most, Math.abs(value ?? 0)), 0);
}

/** How tall upright names of columns stand, so that all matrices of a row begin at one height. */
function heads(...names) {
  return `${Math.min(86, 10 + 6.4 * Math.max(...names.flat().map((name) => name.length)))}px`;
}

/** A matrix as a table: its title and note, names of rows and columns, and a cell for each number.
 *
 * It is made once a size, and then filled: so colours pass over into one another, and the focus stays. */
function matrix(node, spec) {
  const { values, rows, columns } = spec;
  const size = `${rows.length}x${columns.length}${spec.edit ? "e" : ""}${spec.pick ? "p" : ""}`;
  if (node.size !== size) {
    node.size = size;
    const table = element("table"), caption = element("caption"), head = element("thead"), body = element("tbody");
    caption.append(element("b"), element("span", "muted"));
    head.append(element("tr"));
    head.firstChild.append(element("td"), ...columns.map(() => element("th")));
    node.heads = [...head.querySelectorAll("th")];
    for (const each of node.heads) each.append(element("span"));
    node.lines = rows.map((_, i) => {
      const line = element("tr"), name = element("th");
      name.scope = "row";
      if (spec.pick) {
        const button = element("button");
        button.type = "button";
        button.onclick = () => node.spec.pick(i);
        name.append(button);
      }
      line.append(name);
      line.cells_ = columns.map((_, j) => {
        const cell = element("td", `cell${j ? "" : " first"}${j === columns.length - 1 ? " last" : ""}`);
        if (spec.edit) cell.append(typed(node, i, j));
        cell.onpointerenter = () => node.spec.tell?.(i, j);
        line.append(cell);
        return cell;
      });
      body.append(line);
      return line;
    });
    table.append(caption, head, body);
    node.replaceChildren(table);
  }
  node.spec = spec;
  node.querySelector("caption b").replaceChildren(spec.title, ...(spec.below ? [element("sub", "", spec.below)] : []));
  node.querySelector("caption span").textContent = spec.note ?? "";
  node.heads.forEach((each, j) => {
    each.scope = "col";
    each.title = columns[j];
    each.firstChild.textContent = columns[j];
  });
  const largest = spec.largest ?? peak(values);
  node.lines.forEach((line, i) => {
    line.classList.toggle("asks", i === spec.asks);
    const name = spec.pick ? line.firstChild.firstChild : line.firstChild;
    name.textContent = name.title = rows[i];
    if (spec.pick) {
      name.setAttribute("aria-label", `${rows[i]} asks`);
      name.setAttribute("aria-pressed", String(i === spec.asks));
    }
    line.cells_.forEach((cell, j) => fill(cell, values[i][j], largest, spec));
  });
}

/** Put a number into a cell. */
function fill(cell, value, largest, spec) {
  const text = (spec.format ?? figure)(value, spec.cell);
  const field = cell.firstElementChild;
  if (field) {
    if (field !== cell.getRootNode().activeElement && field.getAttribute("aria-invalid") !== "true") field.value = text;
  } else cell.textContent = text;
  cell.title = value === null ? "may not look there" : String(Number(value.toPrecision(6)));
  cell.classList.toggle("barred", value === null);
  tint(cell, value ?? 0, largest, spec.colours);
}

/** A field for a number of a matrix that can be edited; arrows go from cell to cell. */
function typed(node, i, j) {
  const field = element("input");
  Object.assign(field, { type: "text", inputMode: "decimal", maxLength: 8, autocomplete: "off", tabIndex: i || j ? -1 : 0 });
  field.setAttribute("aria-label", `${node.spec_name}, row ${i + 1}, column ${j + 1}`);
  field.oninput = () => node.spec.edit(field);
  field.onfocus = () => field.select();
  field.onblur = () => {
    if (!node.spec.waiting()) node.spec.refill();
  };
  field.onkeydown = (event) => {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], Enter: [1, 0] }[event.key];
    if (!step) return;
    event.preventDefault();
    node.lines[i + step[0]]?.cells_[j + step[1]]?.firstElementChild.focus();
  };
  return field;
}
