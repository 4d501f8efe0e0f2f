// Examples that excite a map, each beside the part of it that the map sees.

const SIDE = 72;

function framed(one, whole) {
  const { picture: seen, box } = one;
  const [top, bottom, left, right] = box;
  const canvas = element("canvas");
  const source = picture(seen.width, seen.height, natural(bytes(seen.pixels), seen.depth));
  if (whole) {
    const zoom = SIDE / Math.max(seen.width, seen.height);
    const context = sized(canvas, zoom * seen.width, zoom * seen.height);
    context.drawImage(source, 0, 0, zoom * seen.width, zoom * seen.height);
    context.lineWidth = 2;
    context.strokeStyle = "#ff9a3c";
    context.strokeRect(zoom * left + 1, zoom * top + 1, Math.max(2, zoom * (right - left) - 2), Math.max(2, zoom * (bottom - top) - 2));
  } else {
    const zoom = SIDE / Math.max(right - left, bottom - top, 1);
    const context = sized(canvas, zoom * (right - left), zoom * (bottom - top));
    context.drawImage(source, left, top, right - left, bottom - top, 0, 0, zoom * (right - left), zoom * (bottom - top));
  }
  return canvas;
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".root");
  root.replaceChildren(
    ...data.crops.map((one) => {
      const button = element("button");
      button.type = "button";
      button.setAttribute("aria-label", `Test image ${one.number + 1}, ${one.name}, ${one.value.toFixed(2)}: look into it`);
      const label = element("span", "label number");
      label.append(element("span", "", one.name), element("span", "muted", one.value.toFixed(2)));
      button.append(framed(one, true), framed(one, false), label);
      button.onclick = () => setTriggerValue("picked", one.number);
      return button;
    }),
  );
}
