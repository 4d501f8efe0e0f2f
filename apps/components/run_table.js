// All runs, a row each: click one to look at it alone, tick several to compare them.

const COLUMNS = [
  ["Run", ""],
  ["State", ""],
  ["Best validation", "right"],
  ["Test", "right wide"],
  ["Loss", "right wide"],
  ["Parameters", "right wide"],
  ["Time", "right wide"],
  ["Started", "right wide"],
];

function build(root) {
  const table = element("table");
  const head = element("tr");
  head.append(element("th"));
  for (const [text, className] of COLUMNS) head.append(element("th", `muted ${className}`, text));
  const thead = element("thead");
  thead.append(head);
  table.append(thead, element("tbody"));
  root.append(table);
}

function makeRow(root, key) {
  const row = element("tr");
  row.key = key;
  const pick = element("td", "pick");
  const box = element("input");
  box.type = "checkbox";
  pick.append(box);
  const name = element("td");
  name.append(element("div", "name"), element("div", "what muted"));
  const state = element("td");
  const track = element("div", "track");
  track.append(element("div", "bar"));
  state.append(element("span", "state"), track);
  row.append(pick, name, state);
  for (const [, className] of COLUMNS.slice(2)) row.append(element("td", `number ${className}`));
  box.onclick = (event) => {
    event.stopPropagation();
    const others = root.chosen.filter((other) => other !== key);
    root.choose(box.checked ? [...others, key] : others);
  };
  row.onclick = () => root.choose([key]);
  return row;
}

function fill(row, data, chosen) {
  row.className = chosen ? "chosen" : "";
  const box = row.querySelector("input");
  box.checked = chosen;
  box.setAttribute("aria-label", `Show ${data.name}`);
  row.querySelector(".name").textContent = data.name;
  row.querySelector(".what").textContent = data.what;
  const state = row.querySelector(".state");
  state.className = `state ${data.state}`;
  state.textContent = data.state;
  row.querySelector(".track").hidden = data.progress === null;
  row.querySelector(".bar").style.width = `${100 * (data.progress ?? 0)}%`;
  data.figures.forEach((text, i) => (row.children[i + 3].textContent = text));
}

function show(root) {
  root.rows.forEach((data, i) => fill(root.querySelector("tbody").children[i], data, root.chosen.includes(data.key)));
}

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".root");
  if (!root.firstElementChild) build(root);
  root.rows = data.rows;
  root.chosen = data.chosen;
  root.choose = (keys) => {
    root.chosen = keys;
    show(root);
    setStateValue("chosen", keys);
  };
  const body = root.querySelector("tbody");
  if ([...body.children].map((row) => row.key).join() !== data.rows.map((row) => row.key).join()) {
    body.replaceChildren(...data.rows.map((row) => makeRow(root, row.key)));
  }
  show(root);
}
