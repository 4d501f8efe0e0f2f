// A text token by token: how likely each was or where one looked, what might stand in its place, its branches.

const REVEAL = 180; // milliseconds in which the tokens that came together appear, one after the other

function build(root) {
  const meter = element("div", "meter"), pair = element("div", "pair");
  meter.append(element("span", "track"), element("span", "told number muted"));
  meter.firstChild.append(element("span", "fill"));
  const left = element("section", "left"), bars = element("section", "bars");
  const picks = element("div", "picks"), text = element("div", "text"), read = element("p", "read muted number");
  text.tabIndex = 0;
  text.setAttribute("role", "group");
  text.setAttribute("aria-label", "The text: the arrow keys lead from token to token");
  left.append(picks, text, read);
  bars.append(element("h4"), element("p", "hint muted"), element("ol"), element("p", "rest muted number"));
  pair.append(left, bars);
  const tree = element("section", "tree");
  tree.append(element("h4", "", "Branches"), element("p", "hint muted", "Every way that was taken. Click on one to walk back to it."), element("ul"));
  root.append(meter, pair, tree);
  const placed = (event) => event.target.closest(".token")?.dataset.place;
  text.onclick = (event) => {
    const place = placed(event);
    if (place > 0) root.tell("place", Number(place));
  };
  text.onpointerover = (event) => say(root, placed(event));
  text.onpointerleave = () => say(root);
  text.onkeydown = (event) => {
    const { data } = root, step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const to = event.key === "End" ? data.first + data.tokens.length : data.place + step;
    if (Number.isNaN(to) || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    root.keyed = true;
    if (to > 0 && to <= data.first + data.tokens.length) root.tell("place", to);
  };
}

/** A share, of which a small one is not told as none. */
function told(share) {
  return share > 0 && share < 0.0005 ? "< 0.1 %" : percent(share);
}

/** A token as its text shows it: a new line has a sign and a break. */
function filled(node, text) {
  text.split("\n").forEach((part, i) => {
    if (i) node.append(element("span", "sign", "⏎"), "\n");
    node.append(part);
  });
}

function name(text) {
  return text.replaceAll(" ", "␣").replaceAll("\n", "⏎");
}

/** Shares of what is looked at, by the place in the text; of one layer and head, or their mean. */
function looked(root) {
  const { looks, place } = root.data, found = new Map();
  if (!looks) return found;
  const values = new Uint16Array(bytes(looks.shares).buffer), { layers, heads, count } = looks;
  const of = (chosen, all) => (chosen === null ? [...Array(all).keys()] : [Math.min(chosen, all - 1)]);
  const chosen = of(root.layer, layers).flatMap((layer) => of(root.head, heads).map((head) => layer * heads + head));
  for (let i = 0; i < count; i++) {
    const sum = chosen.reduce((total, row) => total + values[row * count + i], 0);
    found.set(place - count + i, sum / chosen.length / 65535);
  }
  return found;
}

function say(root, place) {
  const { data } = root, line = root.querySelector(".left .read"), i = place - data.first;
  if (place === undefined || !data.tokens[i]) {
    line.textContent = "";
    return;
  }
  const [text, share, byHand] = data.tokens[i], at = `“${name(text)}”, token ${Number(place) + 1}: `;
  if (data.looks) {
    const part = root.looked.get(Number(place));
    line.textContent = at + (part === undefined ? "not looked at" : `${told(part)} of what was taken`);
  } else if (Number(place) < data.prompt && share === null) line.textContent = `${at}of the prompt`;
  else line.textContent = `${at}the model gave it ${share ? told(share) : "next to nothing"}${byHand ? "; taken by hand" : ""}`;
}

function shade(root) {
  const { data } = root, nodes = root.querySelectorAll(".text .token");
  root.looked = looked(root);
  const most = Math.max(1e-6, ...root.looked.values());
  nodes.forEach((node) => {
    const place = Number(node.dataset.place), share = data.tokens[place - data.first][1];
    const part = data.looks ? (root.looked.get(place) ?? 0) / most : share ?? 0;
    node.style.setProperty("--share", `${Math.round((data.looks ? 84 : 42) * part)}%`);
    node.classList.toggle("deep", Boolean(data.looks) && part > 0.6);
  });
}

function prose(root) {
  const { data } = root, text = root.querySelector(".text"), end = data.first + data.tokens.length;
  const known = root.branch === data.branch && data.writing ? root.end ?? end : end;
  const fresh = Math.max(0, end - known), follow = text.scrollHeight - text.scrollTop - text.clientHeight < 40;
  const nodes = data.tokens.map(([piece, , byHand], i) => {
    const place = data.first + i, node = element("span", "token");
    filled(node, piece);
    node.dataset.place = place;
    node.classList.toggle("prompt", place < data.prompt);
    node.classList.toggle("hand", byHand);
    node.classList.toggle("now", place === data.place);
    node.classList.toggle("forgotten", place < data.place - data.read);
    node.classList.toggle("fixed", place === 0);
    if (place >= known) {
      node.classList.add("fresh");
      node.style.animationDelay = `${Math.round(((place - known) / fresh) * REVEAL)}ms`;
    }
    return node;
  });
  const next = element("span", data.place === end ? "next now" : "next", data.writing ? "" : "▏");
  if (data.first) nodes.unshift(element("span", "cut muted", `… ${data.first.toLocaleString("en")} tokens before\n`));
  text.replaceChildren(...nodes, next);
  next.onclick = () => root.tell("place", end);
  if (root.keyed) text.querySelector(".now")?.scrollIntoView({ block: "nearest" });
  else if (follow || data.writing) text.scrollTop = text.scrollHeight;
  root.keyed = false;
  [root.branch, root.end] = [data.branch, end];
}

function bars(root) {
  const { data } = root, section = root.querySelector(".bars"), end = data.first + data.tokens.length;
  const list = section.querySelector("ol"), here = data.tokens[data.place - data.first];
  section.querySelector("h4").textContent = here ? `In the place of “${name(here[0])}”` : "What may come next";
  section.querySelector(".hint").textContent = !data.bars.length
    ? "Before the first token is nothing to go by."
    : data.writing
      ? "As the last token was drawn."
      : here
        ? "Take one: the text is cut here and goes on from it."
        : "Take one to put it behind the text.";
  const rows = data.bars.map(([token, text, share, drawn]) => {
    const row = element("li", token === data.token ? "chosen" : ""), button = element("button");
    const track = element("span", "track");
    button.type = "button";
    button.disabled = data.writing;
    button.classList.toggle("out", drawn === 0);
    button.title = `${text}: the model gives it ${told(share)}, it is drawn with ${told(drawn)}`;
    button.setAttribute("aria-label", `Take ${text}: ${told(share)}, drawn with ${told(drawn)}`);
    for (const [kind, part] of [["model", share], ["drawn", drawn]]) {
      const fill = element("span", `fill ${kind}`);
      fill.style.width = `${100 * part}%`;
      track.append(fill);
    }
    button.append(element("span", "label", text), track, element("span", "share number muted", told(share)), element("span", "share number", told(drawn)));
    button.onclick = () => root.tell("take", { place: data.place, token });
    row.append(button);
    return row;
  });
  if (rows.length) {
    const head = element("li", "heads muted");
    head.append(element("span", "", "token"), element("span"), element("span", "share", "model"), element("span", "share", "drawn"));
    rows.unshift(head);
  }
  const longest = Math.max(0, ...data.bars.map(([, text]) => text.length));
  list.style.setProperty("--label", `${Math.max(3, Math.min(11, longest + 1))}ch`);
  list.replaceChildren(...rows);
  const shown = data.bars.reduce((sum, bar) => sum + bar[2], 0), others = data.vocabulary - data.bars.length;
  section.querySelector(".rest").textContent =
    data.bars.length && others > 0 ? `${others.toLocaleString("en")} others share ${told(Math.max(0, 1 - shown))}.` : "";
}

function meter(root) {
  const { data } = root, full = data.first + data.tokens.length >= data.context;
  root.querySelector(".meter .fill").style.width = `${(100 * Math.min(data.context, data.read + 1)) / data.context}%`;
  root.querySelector(".meter .told").textContent =
    `${data.read} of the ${data.context} tokens of the context are read` +
    (full ? `. Whenever it is full, the last ${data.again} are read anew; what stands before them, in grey, is forgotten` : "");
}

function pickers(root) {
  const { looks } = root.data, picks = root.querySelector(".picks");
  picks.hidden = !looks;
  if (!looks) return;
  const line = (title, which, count) => {
    const node = element("div", "pickers");
    node.append(element("span", "muted", title));
    for (const [value, text] of [[null, "mean"], ...Array.from({ length: count }, (_, i) => [i, String(i + 1)])]) {
      const button = element("button", "pick number", text);
      button.type = "button";
      button.setAttribute("aria-pressed", String(root[which] === value));
      button.setAttribute("aria-label", `${title}: ${text}`);
      button.onclick = () => {
        root[which] = value;
        pickers(root);
        shade(root);
      };
      node.append(button);
    }
    return node;
  };
  picks.replaceChildren(line("Layer", "layer", looks.layers), line("Head", "head", looks.heads));
}

function branches(root) {
  const { tree } = root.data, section = root.querySelector(".tree");
  section.hidden = tree.length < 2;
  section.querySelector("ul").replaceChildren(
    ...tree.map((one) => {
      const row = element("li"), button = element("button", one.now ? "branch now" : one.taken ? "branch taken" : "branch");
      button.type = "button";
      button.setAttribute("aria-pressed", String(one.now));
      button.style.setProperty("--depth", Math.min(one.depth, 8));
      const where = one.depth ? `from token ${one.start + 1}` : "prompt";
      button.append(element("span", "words", one.text), element("span", "where muted number", `${where}, ${one.count.toLocaleString("en")} tokens`));
      button.onclick = () => root.tell("branch", one.number);
      row.append(button);
      return row;
    }),
  );
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".root");
  if (!root.firstElementChild) {
    build(root);
    root.layer = root.head = null;
  }
  root.data = data;
  root.tell = (what, value) => setTriggerValue(what, value);
  if (data.looks && root.layer >= data.looks.layers) root.layer = null;
  if (data.looks && root.head >= data.looks.heads) root.head = null;
  meter(root);
  pickers(root);
  prose(root);
  shade(root);
  say(root);
  bars(root);
  branches(root);
}
