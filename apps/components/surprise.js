// A text as a model read it: each token the deeper orange, the less it was expected.

const DEEPEST = 6; // nats of the deepest colour

function build(root) {
  const scale = element("div", "scale number muted");
  scale.append(element("span", "", "0"), element("span", "ramp"), element("span", "", `${DEEPEST} nats and more`));
  const read = element("p", "read number");
  read.setAttribute("aria-live", "polite");
  const text = element("div", "text"), most = element("section", "most");
  text.tabIndex = 0;
  text.setAttribute("role", "group");
  text.setAttribute("aria-label", "The text: the arrow keys lead from token to token");
  most.append(element("h4", "", "The most surprising"), element("div", "chips"));
  root.append(scale, read, text, most);
  text.onpointerover = (event) => {
    const place = event.target.closest(".token")?.dataset.place;
    if (place !== undefined) look(root, Number(place));
  };
  text.onkeydown = (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    look(root, Math.max(0, Math.min(root.data.tokens.length - 1, root.at + step)), true);
  };
}

function name(text) {
  return text.replaceAll(" ", "␣").replaceAll("\n", "⏎");
}

function look(root, place, show) {
  const { data } = root, nodes = root.querySelectorAll(".text .token");
  nodes[root.at]?.classList.remove("now");
  root.at = place;
  nodes[place]?.classList.add("now");
  if (show) nodes[place]?.scrollIntoView({ block: "nearest" });
  const nats = data.nats[place], line = root.querySelector(".read");
  if (nats === null) {
    line.textContent = `“${name(data.tokens[place])}” is the first: before it is nothing to go by.`;
    return;
  }
  const told = data.preferred[place].flatMap((token, i) =>
    token < 0 ? [] : [`“${data.names[token]}” ${percent(data.shares[place][i])}`],
  );
  const small = Math.exp(-nats), share = small >= 0.001 ? percent(small) : `${(100 * small).toPrecision(1)} %`;
  line.textContent = `“${name(data.tokens[place])}”: ${nats.toFixed(2)} nats, ${(nats / Math.LN2).toFixed(2)} bits, ${share}. Likeliest here: ${told.join(", ")}`;
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  if (!root.firstElementChild) build(root);
  root.data = data;
  root.at = 0;
  root.querySelector(".text").replaceChildren(
    ...data.tokens.map((piece, place) => {
      const node = element("span", "token"), nats = data.nats[place] ?? 0;
      piece.split("\n").forEach((part, i) => {
        if (i) node.append(element("span", "sign", "⏎"), "\n");
        node.append(part);
      });
      node.dataset.place = place;
      node.style.setProperty("--share", `${Math.round(78 * Math.min(1, nats / DEEPEST))}%`);
      return node;
    }),
  );
  root.querySelector(".chips").replaceChildren(
    ...data.most.map(([place, before, piece]) => {
      const chip = element("button", "chip");
      chip.type = "button";
      chip.append(element("span", "muted", before), element("b", "", piece), element("span", "number muted nats", data.nats[place].toFixed(2)));
      chip.onclick = () => look(root, place, true);
      return chip;
    }),
  );
  look(root, Math.min(1, data.tokens.length - 1));
}
