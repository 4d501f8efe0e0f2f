// Tiles in two rows that fill the width: a model's fingerprint on its card.

const ROWS = 2;

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  if (!root.firstElementChild) root.append(element("canvas"));
  const canvas = root.firstElementChild;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", data.label);
  const pixels = bytes(data.pixels);
  const repaint = () => {
    const colours = palette(isDark(root));
    const strip = picture(data.width, data.height * data.count, coloured(pixels, colours));
    const rows = Math.min(ROWS, data.count);
    const across = Math.ceil(data.count / rows);
    const tile = root.clientWidth / across;
    const gap = Math.min(3, tile / 8);
    const context = sized(canvas, root.clientWidth, rows * tile - gap);
    for (let i = 0; i < data.count; i++) {
      const left = (i % across) * tile, top = Math.floor(i / across) * tile;
      context.drawImage(
        strip, 0, i * data.height, data.width, data.height, left, top, tile - gap, tile - gap,
      );
    }
  };
  repaint();
  return onResize(root, repaint);
}
