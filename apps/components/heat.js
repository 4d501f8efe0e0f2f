// Heat over a picture: violet speaks for the class, orange against it; the picture shows through where there is little.

const GAP = 20; // CSS pixels between the panels
const FOR = [158, 138, 255], AGAINST = [255, 150, 50];

function build(root) {
  root.innerHTML = `<label class="strength muted">Heat <input type="range" min="0" max="100" value="80"
    aria-label="How strongly the heat covers the picture"></label><div class="panels"></div>`;
  root.querySelector("input").addEventListener("input", () => root.repaint());
}

function panelOf(root, i) {
  const panels = root.querySelector(".panels");
  if (panels.children[i]) return panels.children[i];
  const figure = element("figure");
  const caption = element("figcaption");
  caption.append(element("div", "name"), element("div", "note muted"), element("div", "read muted number"));
  const canvas = element("canvas");
  canvas.setAttribute("role", "img");
  figure.append(canvas, caption);
  panels.append(figure);
  const readout = caption.querySelector(".read");
  canvas.addEventListener("pointermove", (event) => {
    const { panel, pixels } = figure;
    const box = canvas.getBoundingClientRect();
    const column = Math.min(panel.width - 1, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * panel.width)));
    const row = Math.min(panel.height - 1, Math.max(0, Math.floor(((event.clientY - box.top) / box.height) * panel.height)));
    const share = (pixels[row * panel.width + column] - 128) / 127;
    const text = panel.unit === "%" ? `${(100 * share * panel.scale).toFixed(1)} points` : `${Math.round(100 * share)} % of the strongest`;
    readout.textContent = `row ${row + 1}, column ${column + 1}: ${text}`;
  });
  canvas.addEventListener("pointerleave", () => (readout.textContent = ""));
  return figure;
}

function paint(figure, seen, width, strength) {
  const { panel, pixels } = figure;
  const canvas = figure.querySelector("canvas");
  const zoom = width / Math.max(seen.width, seen.height);
  const [wide, tall] = [zoom * seen.width, zoom * seen.height];
  const context = sized(canvas, wide, tall);
  context.drawImage(picture(seen.width, seen.height, natural(bytes(seen.pixels), seen.depth)), 0, 0, wide, tall);
  context.fillStyle = `rgb(12 10 30 / ${60 * strength}%)`;
  context.fillRect(0, 0, wide, tall);
  const colours = new Uint32Array(pixels.length);
  for (let i = 0; i < pixels.length; i++) {
    const share = (pixels[i] - 128) / 127;
    const [red, green, blue] = share >= 0 ? FOR : AGAINST;
    const alpha = Math.round(255 * strength * Math.abs(share) ** 0.7);
    colours[i] = ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  }
  context.imageSmoothingEnabled = panel.smooth;
  context.imageSmoothingQuality = "high";
  context.drawImage(picture(panel.width, panel.height, colours), 0, 0, wide, tall);
  canvas.setAttribute("aria-label", `${panel.name}: ${panel.note}`);
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  if (!root.firstElementChild) build(root);
  data.panels.forEach((panel, i) => {
    const figure = panelOf(root, i);
    Object.assign(figure, { panel, pixels: bytes(panel.pixels) });
    figure.querySelector(".name").textContent = panel.name;
    figure.querySelector(".note").textContent = panel.note;
  });
  root.repaint = () => {
    const across = root.clientWidth >= 620 ? 3 : root.clientWidth >= 420 ? 2 : 1;
    const width = Math.min(250, Math.floor((root.clientWidth - GAP * (across - 1)) / across));
    const strength = root.querySelector("input").value / 100;
    [...root.querySelector(".panels").children].forEach((figure) => {
      figure.style.width = `${width}px`;
      paint(figure, data.picture, width, strength);
    });
  };
  root.repaint();
  return onResize(root, () => root.repaint());
}
