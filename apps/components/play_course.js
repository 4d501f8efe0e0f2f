// The course of a match: the score so far, who steered when, and the agent's own game with the same chances.

const COURSE = 84, BAND = 8; // heights in CSS pixels: of the lines, and of the band below them
const AGENT = "#e8912d";

function buildCourse(node) {
  const head = element("div", "plot-head"), legend = element("span", "legend muted"), canvas = element("canvas");
  const marks = ["you", "the agent, handed over", "the agent, its own game", "chance repeated an action"].map((text, i) => {
    const mark = element("span", `mark-${i}`, text);
    legend.append(mark);
    return mark;
  });
  head.append(element("span", "muted", "Score so far"), legend);
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", "Score so far, and who had the controls when");
  node.append(head, canvas);
  return { node, canvas, marks };
}

/** Draw all of a match so far; `who` is 1 where the agent had the controls. */
function paintCourse({ node, canvas, marks }, { gained, who, repeated }, own) {
  const width = Math.max(80, node.clientWidth), context = sized(canvas, width, COURSE + BAND + 4);
  const colours = [getComputedStyle(node).getPropertyValue("--st-primary-color").trim(), AGENT];
  marks[1].hidden = !who.includes(1);
  marks[3].hidden = !repeated.includes(true);
  const last = Math.max(own.steps, who.length, 1), all = [...gained, ...own.gained];
  const least = Math.min(...all), most = Math.max(...all);
  const x = (moment) => (moment / last) * width, y = (value) => COURSE - 3 - ((value - least) / (most - least || 1)) * (COURSE - 6);
  const stroke = (values, from, colour, wide) => {
    context.strokeStyle = colour;
    context.lineWidth = wide;
    context.lineJoin = "round";
    context.beginPath();
    values.forEach((value, i) => context[i ? "lineTo" : "moveTo"](x(from + i), y(value)));
    context.stroke();
  };
  stroke(own.gained, 0, STILL, 1.5);
  for (let from = 0, to; from < who.length; from = to) {
    for (to = from + 1; who[to] === who[from]; ) to += 1;
    stroke(gained.slice(from, to + 1), from, colours[who[from]], 2.25);
    context.fillStyle = colours[who[from]];
    context.fillRect(x(from), COURSE + 4, Math.max(1, x(to) - x(from)), BAND);
  }
  context.fillStyle = getComputedStyle(node).getPropertyValue("--st-background-color").trim();
  repeated.forEach((is, step) => is && context.fillRect(x(step + 0.5) - 1, COURSE + 6, 2, BAND - 4));
}
