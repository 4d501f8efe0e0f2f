// What the games look like, as games/drawings.py draws them; of every moment, from what the browser has.

const INK = {
  orange: "#e69f00", sky: "#56b4e9", green: "#009e73", yellow: "#f0e442", vermillion: "#d55e00",
  white: "#fafafa", light: "#a5aab2", grey: "#70767e", dim: "#484d54", night: "#121418", empty: "#1c1f24",
};
const GLOW = [255, 72, 196]; // of the places that decide

/** Whether a channel holds something in a cell at a moment. */
function holds(side, moment, y, x, channel) {
  const place = ((moment * side.height + y) * side.width + x) * side.depth + channel;
  return (side.bits[place >> 3] >> (7 - (place & 7))) & 1;
}

function line(context, points, colour, width) {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.lineCap = context.lineJoin = "round";
  context.beginPath();
  points.forEach(([x, y], i) => context[i ? "lineTo" : "moveTo"](x, y));
  context.stroke();
}

function shape(context, points, colour) {
  context.fillStyle = colour;
  context.beginPath();
  points.forEach(([x, y], i) => context[i ? "lineTo" : "moveTo"](x, y));
  context.fill();
}

function disc(context, [x, y], radius, colour) {
  context.fillStyle = colour;
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fill();
}

function words(context, [x, y], text, colour, size) {
  context.fillStyle = colour;
  context.font = `600 ${size}px sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(text, x, y);
}

/** Cells, each in the colour of what is foremost in it; where it is asked for, what decides shines behind. */
function grid(context, side, moment, heat) {
  const { width, height } = side, size = width * height;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let colour = null;
      for (const [channel, ...rgb] of side.colours) if (holds(side, moment, y, x, channel)) colour = rgb;
      context.fillStyle = INK.empty;
      context.fillRect(x * 32, y * 32, 30, 30);
      const share = heat ? heat[moment * size + y * width + x] / 255 : 0;
      if (share) {
        context.fillStyle = `rgb(${GLOW.join(" ")} / ${0.9 * share})`;
        context.fillRect(x * 32, y * 32, 30, 30);
      }
      if (!colour) continue;
      const inset = heat ? 6 : 0;
      context.fillStyle = `rgb(${colour})`;
      context.fillRect(x * 32 + inset, y * 32 + inset, 30 - 2 * inset, 30 - 2 * inset);
    }
  }
}

/** One channel alone. */
function plane(context, side, moment, channel) {
  const [, ...rgb] = side.colours.find(([number]) => number === channel) ?? [channel, 250, 250, 250];
  for (let y = 0; y < side.height; y++) {
    for (let x = 0; x < side.width; x++) {
      context.fillStyle = holds(side, moment, y, x, channel) ? `rgb(${rgb})` : INK.empty;
      context.fillRect(x * 32, y * 32, 30, 30);
    }
  }
}

function cartpole(context, side, moment) {
  const [x, theta] = stateAt(side, moment), meter = 88, ground = 192, ends = [240 - 2.4 * meter, 240 + 2.4 * meter];
  line(context, ends.map((end) => [end, ground]), INK.dim, 3);
  for (const end of ends) line(context, [[end, ground - 12], [end, ground + 12]], INK.vermillion, 3);
  const hinge = [240 + x * meter, ground - 14];
  context.fillStyle = INK.sky;
  context.fillRect(hinge[0] - 24, ground - 14, 48, 28);
  line(context, [hinge, [hinge[0] + meter * Math.sin(theta), hinge[1] - meter * Math.cos(theta)]], INK.orange, 8);
  disc(context, hinge, 3, INK.night);
}

function acrobot(context, side, moment) {
  const [first, second] = stateAt(side, moment), meter = 66, middle = [160, 160];
  line(context, [[16, 160 - meter], [304, 160 - meter]], INK.green, 2);
  const elbow = [160 + meter * Math.sin(first), 160 + meter * Math.cos(first)];
  const end = [elbow[0] + meter * Math.sin(first + second), elbow[1] + meter * Math.cos(first + second)];
  line(context, [middle, elbow], INK.sky, 10);
  line(context, [elbow, end], INK.orange, 10);
  for (const joint of [middle, elbow]) disc(context, joint, 3, INK.night);
}

function mountainCar(context, side, moment) {
  const unit = 448 / 1.8, ground = (place) => [16 + (place + 1.2) * unit, 304 - (0.55 + 0.45 * Math.sin(3 * place)) * unit];
  line(context, Array.from({ length: 100 }, (_, i) => ground(-1.2 + (i * 1.8) / 99)), INK.grey, 3);
  const [x, y] = ground(0.5);
  line(context, [[x, y], [x, y - 40]], INK.light, 2);
  shape(context, [[x, y - 40], [x + 22, y - 33], [x, y - 26]], INK.green);
  const [place] = stateAt(side, moment), [across, down] = ground(place), tilt = Math.atan(1.35 * Math.cos(3 * place));
  disc(context, [across - 12 * Math.sin(tilt), down - 12 * Math.cos(tilt)], 10, INK.orange);
}

function maze(context, side, moment) {
  const [position, north, turned] = stateAt(side, moment), cell = Math.min(40, 448 / (side.length + 1));
  const left = 240 - (cell * side.length) / 2, junction = left + cell * side.length, up = north ? -1 : 1;
  line(context, [[left, 80], [junction, 80]], INK.dim, Math.max(4, cell * 0.7));
  line(context, [[junction, 32], [junction, 128]], INK.dim, Math.max(4, cell * 0.7));
  if (!side.hides || turned) {
    disc(context, [junction, 80 + 48 * up], 10, INK.green);
    for (const slope of [-1, 1]) {
      const y = 80 - 48 * up;
      line(context, [[junction - 8, y - 8 * slope], [junction + 8, y + 8 * slope]], INK.vermillion, 4);
    }
  }
  if (!side.hides || turned || !position) {
    line(context, [[left, 80 + 24 * up], [left, 80 + 46 * up]], INK.yellow, 4); // the sign: an arrow
    shape(context, [[left - 9, 80 + 40 * up], [left + 9, 80 + 40 * up], [left, 80 + 56 * up]], INK.yellow);
  }
  const to = turned ? (side.actions[side.action[moment - 1]] === "south" ? 48 : -48) : 0;
  disc(context, [left + cell * position, 80 + to], Math.max(4, Math.min(8, cell * 0.3)), INK.white);
}

function chain(context, side, moment) {
  const [step, query, ...bits] = stateAt(side, moment), due = step === side.length, over = step > side.length;
  const pitch = Math.min(48, 448 / bits.length), edge = pitch * 0.8, left = 240 - (pitch * bits.length) / 2;
  bits.forEach((bit, number) => {
    const x = left + pitch * (number + 0.5);
    if ((due || over) && number === query) {
      context.fillStyle = INK.yellow;
      context.fillRect(x - edge / 2 - 3, 45 - edge / 2, edge + 6, edge + 6);
    }
    context.fillStyle = step ? INK.dim : INK.light;
    context.fillRect(x - edge / 2, 48 - edge / 2, edge, edge);
    if (side.hides && step && !over) return; // a person is to remember it, too
    words(context, [x, 48], String(bit), step ? INK.grey : INK.night, edge * 0.7);
  });
  context.fillStyle = INK.dim;
  context.fillRect(16, 88, 448, 8);
  context.fillStyle = INK.sky;
  context.fillRect(16, 88, 448 * Math.max(0, 1 - step / side.length), 8);
  if (due) words(context, [240, 126], "?", INK.yellow, 32);
  if (!over) return;
  const answer = side.action[moment - 1], right = answer === bits[query];
  words(context, [240, 126], `${side.actions[answer]} is ${right ? "right" : "wrong"}`, right ? INK.green : INK.vermillion, 24);
}

/** The numbers that are drawn of a moment. */
function stateAt(side, moment) {
  const count = side.state.length / (side.steps + 1);
  return Array.from(side.state.subarray(moment * count, (moment + 1) * count));
}

const SCENES = { // by name: size in units of its own, and what draws it
  grid: [318, 318, grid],
  cartpole: [480, 240, cartpole],
  acrobot: [320, 320, acrobot],
  mountain_car: [480, 320, mountainCar],
  t_maze: [480, 160, maze],
  memory_chain: [480, 160, chain],
};

/** Draw a moment into a canvas of that width, in CSS pixels. */
function paintScene(canvas, side, moment, width, heat) {
  const [wide, tall, draw] = SCENES[side.scene];
  const context = onScreen(canvas, width, (width * tall) / wide);
  context.scale(width / wide, width / wide);
  draw(context, side, moment, heat);
}

function paintPlane(canvas, side, moment, channel, edge) {
  const context = onScreen(canvas, edge, (edge * side.height) / side.width);
  context.scale(edge / (32 * side.width - 2), edge / (32 * side.width - 2));
  plane(context, side, moment, channel);
}

/** A dark canvas of that size; what draws in CSS pixels. */
function onScreen(canvas, width, height) {
  const context = sized(canvas, width, height);
  context.fillStyle = INK.night;
  context.fillRect(0, 0, width, height);
  return context;
}
