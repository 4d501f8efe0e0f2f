// Kernels on frames, from motion to shape: a slice for each frame, their mean, the map, and what was measured.

function tile(width, height, colours, edge, label) {
  const canvas = element("canvas");
  const zoom = edge / Math.max(width, height);
  sized(canvas, zoom * width, zoom * height).drawImage(picture(width, height, colours), 0, 0, zoom * width, zoom * height);
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", label);
  return canvas;
}

function bar(name, share) {
  const row = element("div", "measure");
  const track = element("div", "track"), fill = element("div", "fill");
  fill.style.width = `${100 * share}%`;
  track.append(fill);
  row.append(element("span", "muted", name), track, element("span", "number", percent(share)));
  return row;
}

function group(name, canvases) {
  const node = element("div", "group");
  const tiles = element("div", "tiles");
  tiles.append(...canvases);
  node.append(element("span", "muted name", name), tiles);
  return node;
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const colours = palette(isDark(root));
  const slices = bytes(data.slices), means = bytes(data.means), maps = bytes(data.maps);
  const [height, width] = data.kernel, size = height * width, [tall, wide] = data.map;
  root.replaceChildren(...data.rows.map((row, i) => {
    const node = element("article");
    const title = element("div", "title");
    title.append(element("b", "", `Kernel ${row.number}`), element("span", `tag ${row.sees}`, row.sees));
    const frames = Array.from({ length: data.frames }, (_, t) => {
      const start = (i * data.frames + t) * size;
      return tile(width, height, coloured(slices.subarray(start, start + size), colours), 34, `weights on frame ${t + 1}`);
    });
    const mean = tile(width, height, coloured(means.subarray(i * size, (i + 1) * size), colours), 34, "mean of the frames");
    const map = tile(wide, tall, coloured(maps.subarray(i * tall * wide, (i + 1) * tall * wide), colours), 76, "its map of this clip");
    const pictures = element("div", "pictures");
    pictures.append(group("frames, oldest first", frames), group("mean", [mean]), group("map", [map]));
    const measures = element("div", "measures");
    measures.append(bar("weights that differ by frame", row.energy), bar("answer changes when frozen", row.frozen), bar("answer changes when reversed", row.reversed));
    node.append(title, pictures, measures);
    return node;
  }));
}
