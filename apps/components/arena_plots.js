// The course of an episode: what was expected, how likely each action was, what it brought; and where one is.

const PLOT = 58; // height in CSS pixels
const STILL = "#8b8b95"; // of actions that do nothing
const HUES = ["#6f60ee", "#e8912d", "#1f9e89", "#d1495b", "#3a86c8", "#b08900"];
const NOTHING = ["noop", "coast", "no torque"];

/** A colour for each action. */
function huesOf(actions) {
  let next = 0;
  return actions.map((name) => (NOTHING.includes(name) ? STILL : HUES[next++ % HUES.length]));
}

const PLOTS = [
  ["value", (side) => (side.chances ? "Value: expected yet, discounted" : "The greatest action value")],
  ["shares", (side) => (side.chances ? "Probability of each action" : "Value of each action")],
  ["reward", () => "Reward"],
];

function buildPlots(node, pick) {
  const plots = PLOTS.map(([kind]) => {
    const section = element("section", "plot"), head = element("div", "plot-head"), canvas = element("canvas");
    head.append(element("span", "muted"), element("span", "number"));
    canvas.setAttribute("role", "img");
    section.append(head, canvas);
    return { kind, section, canvas, title: head.firstChild, told: head.lastChild };
  });
  const mark = element("div", "mark"), cursor = element("div", "cursor");
  mark.hidden = true;
  node.append(...plots.map(({ section }) => section), mark, cursor);
  const at = (event) => {
    const box = node.getBoundingClientRect();
    pick(Math.max(0, Math.min(1, (event.clientX - box.left) / box.width)));
  };
  node.onpointerdown = (event) => {
    node.setPointerCapture(event.pointerId);
    at(event);
  };
  node.onpointermove = (event) => event.buttons && at(event);
  return { node, plots, mark, cursor };
}

/** Draw what does not change while one scrubs. `last` is the last moment of the axis. */
function paintPlots({ node, plots, mark }, side, last, branched) {
  const width = Math.max(80, node.clientWidth), colour = getComputedStyle(node).getPropertyValue("--st-primary-color").trim();
  const x = (moment) => (last ? (moment / last) * width : 0);
  for (const { kind, canvas, title } of plots) {
    title.textContent = PLOTS.find(([name]) => name === kind)[1](side);
    canvas.setAttribute("aria-label", title.textContent);
    const context = sized(canvas, width, PLOT);
    if (kind === "value") drawLine(context, side.value, side.range, x, colour);
    else if (kind === "reward") drawRewards(context, side, x, width);
    else if (side.chances) drawShares(context, side, x);
    else side.hues.forEach((hue, i) => drawLine(context, column(side.shares, side.actions.length, i), side.range, x, hue));
  }
  mark.hidden = branched === null;
  mark.style.left = `${branched === null ? 0 : 100 * (branched / (last || 1))}%`;
}

function column(values, count, i) {
  return values.filter((_, place) => place % count === i);
}

function drawLine(context, values, [least, most], x, colour) {
  const y = (value) => PLOT - 3 - ((value - least) / (most - least || 1)) * (PLOT - 6);
  context.strokeStyle = colour;
  context.lineWidth = 1.75;
  context.lineJoin = "round";
  context.beginPath();
  values.forEach((value, i) => context[i ? "lineTo" : "moveTo"](x(i), y(value)));
  context.stroke();
}

/** Stacked areas, the first action lowest. */
function drawShares(context, side, x) {
  const count = side.actions.length, moments = side.steps + 1;
  const below = new Float32Array(moments);
  side.hues.forEach((hue, action) => {
    const above = below.map((base, moment) => base + side.shares[moment * count + action]);
    context.fillStyle = hue;
    context.beginPath();
    above.forEach((share, moment) => context[moment ? "lineTo" : "moveTo"](x(moment), PLOT * (1 - share)));
    for (let moment = moments - 1; moment >= 0; moment--) context.lineTo(x(moment), PLOT * (1 - below[moment]));
    context.fill();
    below.set(above);
  });
}

function drawRewards(context, side, x, width) {
  const most = Math.max(1e-9, ...side.reward.map(Math.abs)), some = side.reward.some((each) => each < 0);
  const zero = some ? PLOT / 2 : PLOT - 1, room = some ? PLOT / 2 - 3 : PLOT - 6;
  const wide = x(1) < 4 ? Math.ceil(x(1)) : Math.min(5, x(1) - 1); // apart where there is room
  side.reward.forEach((reward, step) => {
    if (!reward) return;
    const tall = (Math.abs(reward) / most) * room;
    context.fillStyle = reward > 0 ? INK.green : INK.vermillion;
    context.fillRect(Math.max(0, x(step + 1) - wide), reward > 0 ? zero - tall : zero, wide, tall);
  });
  context.fillStyle = STILL;
  context.globalAlpha = 0.5;
  context.fillRect(0, zero, width, 1);
}

/** Follow the moment. */
function follow({ plots, cursor }, side, moment, last) {
  cursor.style.left = `${100 * (moment / (last || 1))}%`;
  const now = Math.min(moment, side.steps), gained = side.gained[now];
  const told = {
    value: side.value[now].toFixed(2),
    shares: "",
    reward: now ? `${short(side.reward[now - 1])} now, ${short(gained)} so far` : "none yet",
  };
  for (const { kind, told: node } of plots) node.textContent = told[kind];
}

function short(number) {
  return String(Number(number.toFixed(2)));
}
