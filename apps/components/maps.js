// Every layer's maps as tiles, laid out to the width there is.

const GAP = 3;
const TILE = 46; // CSS pixels that a map's longer edge is brought near to, by whole factors

function layout(layer, width) {
  const [rows, columns] = [layer.height, layer.width];
  let tall, wide;
  if (rows === 1 && columns === 1) {
    tall = wide = layer.count > 256 ? 10 : layer.count > 32 ? 16 : 24;
  } else if (rows === 1) {
    [tall, wide] = [10, Math.min(width, Math.max(160, 2 * columns))];
  } else {
    const zoom = Math.max(1, Math.round(TILE / Math.max(rows, columns)));
    [tall, wide] = [zoom * rows, zoom * columns];
  }
  const across = Math.max(1, Math.min(layer.count, Math.floor((width + GAP) / (wide + GAP))));
  return { tall, wide, across, down: Math.ceil(layer.count / across) };
}

function paint(section, colours, width) {
  const { layer, canvas } = section;
  const place = (section.place = layout(layer, width));
  const context = sized(canvas, place.across * (place.wide + GAP) - GAP, place.down * (place.tall + GAP) - GAP);
  const strip = picture(layer.width, layer.height * layer.count, colours);
  for (let i = 0; i < layer.count; i++) {
    const left = (i % place.across) * (place.wide + GAP);
    const top = Math.floor(i / place.across) * (place.tall + GAP);
    context.drawImage(
      strip, 0, i * layer.height, layer.width, layer.height, left, top, place.wide, place.tall,
    );
  }
}

function at(section, event) {
  const { layer, place } = section;
  const x = event.offsetX, y = event.offsetY;
  const column = Math.floor(x / (place.wide + GAP)), row = Math.floor(y / (place.tall + GAP));
  const index = row * place.across + column;
  const inX = x - column * (place.wide + GAP), inY = y - row * (place.tall + GAP);
  if (index < 0 || index >= layer.count || inX >= place.wide || inY >= place.tall) return null;
  return { index, across: inX / place.wide, down: inY / place.tall };
}

function read(section, event) {
  const { layer, pixels } = section;
  const found = at(section, event);
  if (!found) return "";
  const { index } = found;
  const mapX = Math.floor(found.across * layer.width);
  const mapY = Math.floor(found.down * layer.height);
  const level = pixels[(index * layer.height + mapY) * layer.width + mapX];
  const value = ((level - 128) / 127) * layer.scale[index % layer.scale.length];
  const where = layer.width * layer.height > 1 ? `map ${index + 1}, row ${mapY + 1}, column ${mapX + 1}` : `unit ${index + 1}`;
  return `${where}: ${value.toFixed(2)}`;
}

function build(root, layers) {
  root.replaceChildren();
  return layers.map((layer) => {
    const node = element("section", "layer");
    const head = element("div", "head");
    const title = element("span", "name"), note = element("span", "muted number");
    const readout = element("span", "read muted number");
    const canvas = element("canvas");
    canvas.setAttribute("role", "img");
    head.append(title, note, readout);
    node.append(head, canvas);
    root.append(node);
    const section = { title, note, canvas };
    canvas.addEventListener("pointermove", (event) => (readout.textContent = read(section, event)));
    canvas.addEventListener("pointerleave", () => (readout.textContent = ""));
    canvas.addEventListener("click", (event) => {
      const found = root.pick && at(section, event);
      if (found) root.pick({ layer: section.layer.name, map: found.index, down: found.down, across: found.across });
    });
    return section;
  });
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".root");
  root.pick = data.picking ? (place) => setTriggerValue("picked", place) : null;
  root.classList.toggle("picking", Boolean(data.picking));
  const names = data.layers.map((layer) => layer.name).join("\n");
  if (root.names !== names) {
    root.sections = build(root, data.layers);
    root.names = names;
  }
  root.sections.forEach((section, i) => {
    const layer = data.layers[i];
    Object.assign(section, { layer, pixels: bytes(layer.pixels) });
    section.title.textContent = layer.name;
    section.note.textContent = layer.note;
    section.canvas.setAttribute("aria-label", `${layer.name}: ${layer.note}`);
  });
  const repaint = () => {
    const colours = palette(isDark(root));
    const width = Math.max(120, root.clientWidth);
    for (const section of root.sections) paint(section, coloured(section.pixels, colours), width);
  };
  repaint();
  return onResize(root, repaint);
}
