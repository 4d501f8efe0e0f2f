// A clip that plays: its frames one after the other, to be stopped and stepped.

const HOLD = 280; // ms that a frame stands; the last stands longer, so that the start is seen
const EDGE = 220;

function build(root) {
  root.innerHTML = `<div class="screen"><canvas role="img"></canvas></div>
    <div class="bar"><button type="button" class="play">Pause</button><button type="button" class="next">Next frame</button>
      <span class="muted number"></span></div><div class="strip" aria-hidden="true"></div>`;
  root.querySelector(".play").onclick = () => (root.timer ? pause(root) : play(root));
  root.querySelector(".next").onclick = () => { pause(root); root.frame = (root.frame + 1) % root.data.count; paint(root); };
}

function pause(root) {
  clearTimeout(root.timer);
  root.timer = null;
  root.querySelector(".play").textContent = "Play";
}

function play(root) {
  root.querySelector(".play").textContent = "Pause";
  const tick = () => {
    if (!root.isConnected) return pause(root);
    root.frame = (root.frame + 1) % root.data.count;
    paint(root);
    root.timer = setTimeout(tick, root.frame === root.data.count - 1 ? 2 * HOLD : HOLD);
  };
  clearTimeout(root.timer);
  root.timer = setTimeout(tick, HOLD);
}

function paint(root) {
  const { data, frames, frame } = root;
  const zoom = EDGE / Math.max(data.width, data.height);
  const canvas = root.querySelector("canvas");
  const context = sized(canvas, zoom * data.width, zoom * data.height);
  context.drawImage(frames[frame], 0, 0, zoom * data.width, zoom * data.height);
  root.querySelector(".bar span").textContent = `frame ${frame + 1} of ${data.count}`;
  [...root.querySelector(".strip").children].forEach((each, i) => each.classList.toggle("now", i === frame));
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const born = !root.firstElementChild;
  if (born) build(root);
  const all = bytes(data.pixels), size = data.width * data.height;
  root.data = data;
  root.frames = Array.from({ length: data.count }, (_, i) => picture(data.width, data.height, natural(all.subarray(i * size, (i + 1) * size), 1)));
  root.frame = Math.min(root.frame ?? 0, data.count - 1);
  root.querySelector("canvas").setAttribute("aria-label", data.label);
  root.querySelector(".strip").replaceChildren(...root.frames.map((frame) => {
    const small = element("canvas");
    sized(small, 50, 50 * data.height / data.width).drawImage(frame, 0, 0, 50, 50 * data.height / data.width);
    return small;
  }));
  paint(root);
  if (born && !matchMedia("(prefers-reduced-motion: reduce)").matches) play(root);
  else if (born) pause(root);
  return () => clearTimeout(root.timer);
}
