// Small pictures of which one is picked, or that are only looked at.

function build(root, data) {
  root.replaceChildren();
  const all = bytes(data.pixels);
  const size = data.width * data.height * data.depth;
  data.names.forEach((name, i) => {
    const button = element(data.picking ? "button" : "div");
    if (data.picking) button.type = "button";
    else button.setAttribute("role", "img");
    button.setAttribute("aria-label", name);
    button.title = name;
    const source = picture(data.width, data.height, natural(all.subarray(i * size, (i + 1) * size), data.depth));
    const canvas = element("canvas");
    const zoom = data.edge / Math.max(data.width, data.height);
    sized(canvas, zoom * data.width, zoom * data.height).drawImage(source, 0, 0, zoom * data.width, zoom * data.height);
    button.append(canvas);
    if (data.notes.length) button.append(element("span", "number", data.notes[i]));
    if (data.picking) {
      button.onclick = () => {
        mark(root, i);
        root.pick(i);
      };
    }
    root.append(button);
  });
}

function mark(root, picked) {
  [...root.children].forEach((button, i) => button.setAttribute("aria-pressed", String(i === picked)));
}

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".root");
  root.pick = (i) => setStateValue("picked", data.first + i);
  const shown = data.pixels + data.notes.join();
  if (root.shown !== shown) {
    build(root, data);
    root.shown = shown;
  }
  if (data.picking) mark(root, data.picked - data.first);
}
