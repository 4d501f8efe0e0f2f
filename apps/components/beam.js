// The hypotheses of a beam: each with the probability of its every word, and all of them as one tree.

function chip([text, begins, share], first) {
  const made = element("span", begins || first ? "chip begins" : "chip", text);
  made.style.setProperty("--share", `${Math.round(100 * share)}%`);
  made.title = `${text}: ${percent(share)}`;
  return made;
}

function row(root, one, i) {
  const { data } = root, node = element("li", i === data.chosen ? "chosen" : "");
  const button = element("button", "pick number", String(i + 1));
  button.type = "button";
  button.setAttribute("aria-label", `Look into alternative ${i + 1}`);
  button.onclick = () => root.pick(i);
  const words = element("div", "words"), facts = element("div", "facts number muted");
  words.append(...one.tokens.map((each, place) => chip(each, !place)));
  facts.append(element("span", "", `score ${one.score.toFixed(3)}`), element("span", "", `probability ${small(one.share)}`));
  const weakest = one.tokens.reduce((worst, each) => (each[2] < worst[2] ? each : worst));
  facts.append(element("span", "", `least sure of “${weakest[0]}”, ${percent(weakest[2])}`));
  const text = element("div");
  text.append(words, facts);
  node.append(button, text);
  return node;
}

function small(share) {
  return share >= 0.001 ? percent(share) : share > 0 ? `${(100 * share).toExponential(0)} %` : "0 %";
}

/** What some hypotheses have in common from a place on, and how they go on from there. */
function branch(hypotheses, places, from) {
  const first = hypotheses[places[0]].tokens;
  let to = from;
  const alike = (at) => places.every((i) => {
    const token = hypotheses[i].tokens[at];
    return token && first[at] && token[3] === first[at][3];
  });
  while (alike(to)) to++;
  const ways = new Map();
  for (const i of places) {
    const token = hypotheses[i].tokens[to];
    if (!token) continue;
    ways.set(token[3], [...(ways.get(token[3]) ?? []), i]);
  }
  const ended = places.filter((i) => hypotheses[i].tokens.length === to);
  return { tokens: first.slice(from, to), ended, ways: [...ways.values()].map((each) => branch(hypotheses, each, to)) };
}

function drawn(found, chosen, first) {
  const node = element("div", "node"), stem = element("div", "stem");
  stem.append(...found.tokens.map((each, place) => chip(each, !place || (first && !place))));
  for (const i of found.ended) stem.append(element("span", i === chosen ? "leaf chosen" : "leaf", String(i + 1)));
  node.append(stem);
  if (found.ways.length) {
    const ways = element("div", "ways");
    ways.append(...found.ways.map((each) => drawn(each, chosen, false)));
    node.append(ways);
  }
  return node;
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".root");
  if (!root.firstElementChild) {
    const tree = element("div", "tree");
    tree.tabIndex = 0;
    tree.setAttribute("role", "img");
    root.append(element("ol"), element("h4", "", "As a tree"), element("p", "note muted"), tree);
  }
  root.data = data;
  root.pick = (i) => setTriggerValue("picked", i);
  root.querySelector("ol").replaceChildren(...data.hypotheses.map((one, i) => row(root, one, i)));
  const several = data.hypotheses.length > 1, tree = root.querySelector(".tree");
  root.querySelector("h4").hidden = root.querySelector(".note").hidden = tree.hidden = !several;
  if (!several) return;
  root.querySelector(".note").textContent =
    "Where the alternatives part. The paler a piece, the less sure the model was of it; each branch ends in its number.";
  tree.setAttribute("aria-label", data.hypotheses.map((one, i) => `${i + 1}: ${one.text}`).join("; "));
  tree.replaceChildren(drawn(branch(data.hypotheses, data.hypotheses.map((_, i) => i), 0), data.chosen, true));
}
