// Two sentences that differ by one word: what a model makes of each, and lines from "it" to what it looks at.

const SPACE = "http://www.w3.org/2000/svg";
const ROW = 22, WIDE = 60; // CSS pixels

function answer(one) {
  const node = element("p", "answer");
  if (one.words) {
    for (const [word, marked] of one.words) node.append(element(marked ? "mark" : "span", "", word), " ");
    if (!one.words.length) node.append(element("span", "muted", "It writes nothing."));
    return node;
  }
  const best = [...one.shares].sort((a, b) => b[1] - a[1])[0];
  if (best) node.append(element("mark", "", best[0]), " ", element("span", "number", percent(best[1])));
  return node;
}

function lines(one) {
  const node = element("div", "fan"), words = element("ol", "to"), picture = document.createElementNS(SPACE, "svg");
  const tall = ROW * one.columns.length, from = ROW * (one.place + 0.5), most = Math.max(...one.looks);
  picture.setAttribute("viewBox", `0 0 ${WIDE} ${tall}`);
  picture.setAttribute("preserveAspectRatio", "none");
  picture.setAttribute("aria-hidden", "true"); // the words say the same
  picture.style.height = `${tall}px`;
  picture.append(...one.looks.map((part, j) => {
    const path = document.createElementNS(SPACE, "path"), to = ROW * (j + 0.5);
    path.setAttribute("d", `M0,${from}C${WIDE / 2},${from} ${WIDE / 2},${to} ${WIDE},${to}`);
    path.style.strokeWidth = `${(1 + 9 * part).toFixed(2)}px`;
    path.style.opacity = part < 0.012 ? 0 : Math.min(1, 0.3 + part);
    return path;
  }));
  words.append(...one.columns.map((text, j) => {
    const item = element("li", one.looks[j] === most ? "most" : "", text), share = Math.round(100 * one.looks[j]);
    item.style.setProperty("--share", `${share}%`);
    item.classList.toggle("deep", share > 55);
    if (share) item.append(element("span", "number", `${share} %`));
    return item;
  }));
  const asks = element("span", "asks", one.asks);
  asks.style.marginTop = `${from - ROW / 2}px`;
  node.append(asks, picture, words);
  return node;
}

function side(one) {
  const node = element("section"), text = element("p", "text");
  for (const [word, differs] of one.text) text.append(element(differs ? "b" : "span", "", word), " ");
  node.append(text, answer(one), lines(one));
  return node;
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  if (!root.firstElementChild) root.append(element("p", "title muted"), element("div", "sides"));
  root.firstElementChild.textContent = `Where it looks: ${data.title}`;
  root.lastElementChild.replaceChildren(...data.sides.map(side));
}
