// What a model makes of a sentence: the likeliest answers as bars, or a text; and beside it what it made without.

function side(one) {
  const node = element("section");
  node.append(element("h4", "", one.title));
  if (one.words) {
    const text = element("p", "text");
    for (const [word, marked] of one.words) text.append(element(marked ? "mark" : "span", "", word), " ");
    if (!one.words.length) text.append(element("span", "muted", "It writes nothing."));
    node.append(text);
    return node;
  }
  const list = element("ol"), most = Math.max(...one.shares.map(([, share]) => share));
  list.style.setProperty("--label", `${Math.min(12, Math.max(...one.shares.map(([name]) => name.length)) * 0.56 + 0.4)}rem`);
  list.append(...one.shares.map(([name, share]) => {
    const item = element("li", share === most ? "first" : ""), track = element("span", "track"), fill = element("span", "fill");
    fill.style.width = `${100 * share}%`;
    track.append(fill);
    item.append(element("span", "label", name), track, element("span", "share number", percent(share)));
    return item;
  }));
  node.append(list);
  return node;
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  if (!root.firstElementChild) root.append(element("div", "sides"));
  root.firstElementChild.replaceChildren(...data.sides.map(side));
}
