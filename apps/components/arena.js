// An agent plays: all of an episode is here, so that nobody is asked while one scrubs. Beside it another one.

const SPEEDS = [0.25, 0.5, 1, 2, 4, 8];
const FOLLOW = 1000; // milliseconds from one moment that is told while it plays to the next
const REST = 400; // milliseconds that a moment must stand before it is told
const PLANE = 58; // edge of a channel's picture
const LOOKS = [["", "the game alone"], ["heat", "what decides its choice"], ["value_heat", "what decides its value"]];
const ENDS = { terminated: "Game over", truncated: "Time is up", cut: "Cut here" };
const PLAYED = new Set(["heat", "value_heat", "action", "repeated", "bits", "gaze"]); // bytes; the others are numbers
const DECODED = ["shares", "value", "action", "reward", "repeated", "bits", "heat", "value_heat", "state", "seen", "push", "value_push", "gaze"];

function decode(side) {
  const found = { ...side, hues: huesOf(side.actions) };
  for (const name of DECODED) {
    if (side[name] === undefined) continue;
    const raw = bytes(side[name]);
    found[name] = PLAYED.has(name) ? raw : new Float32Array(raw.buffer);
  }
  found.gained = new Float32Array(found.steps + 1);
  found.reward.forEach((reward, step) => (found.gained[step + 1] = found.gained[step] + reward));
  return found;
}

function choice(options, label) {
  const node = element("select");
  node.setAttribute("aria-label", label);
  for (const [value, text] of options) {
    const option = element("option", "", text);
    option.value = value;
    node.append(option);
  }
  return node;
}

function build(root) {
  root.replaceChildren();
  const bar = element("div", "bar"), play = element("button", "play"), slider = element("input"), told = element("output", "number");
  play.type = "button";
  [slider.type, slider.min, slider.step] = ["range", 0, 1];
  slider.setAttribute("aria-label", "Moment of the episode");
  const speed = choice(SPEEDS.map((each) => [each, `${each} ×`]), "Speed"), look = choice(LOOKS, "What is shown");
  speed.value = 1;
  bar.append(play, slider, told, speed, look);
  const sides = element("div", "sides");
  sides.tabIndex = 0;
  sides.setAttribute("aria-label", "The episode. Arrows step, space plays.");
  root.append(bar, sides);
  Object.assign(root, { play, slider, told, speed, look, sides, at: 0, views: [] });
  slider.oninput = () => scrub(root, Number(slider.value));
  play.onclick = () => (root.playing ? halt(root) : start(root));
  look.onchange = () => paint(root);
  sides.onkeydown = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, PageUp: 10, PageDown: -10, Home: -Infinity, End: Infinity }[event.key];
    if (event.target.tagName === "BUTTON" && event.key === " ") return; // it is that button's
    if (event.key === " ") root.playing ? halt(root) : start(root);
    else if (step) scrub(root, root.at + step);
    else return;
    event.preventDefault();
  };
}

const lastOf = (root) => Math.max(...root.shown.map((side) => side.steps));

function scrub(root, moment) {
  halt(root);
  go(root, Math.max(0, Math.min(lastOf(root), moment)));
}

function start(root) {
  if (root.at >= lastOf(root)) {
    adopt(root);
    go(root, 0);
  }
  clearTimeout(root.rest);
  root.playing = true;
  name(root);
  let before = null, due = 0;
  const tick = (now) => {
    if (!root.playing || !root.isConnected) return;
    due += before === null ? 0 : (Math.min(250, now - before) / 1000) * root.data.rate * Number(root.speed.value);
    before = now;
    const steps = Math.floor(due);
    due -= steps;
    if (steps) go(root, Math.min(lastOf(root), root.at + steps));
    if (root.at >= lastOf(root)) {
      if (!root.data.live) return halt(root);
      return setTimeout(() => root.playing && root.isConnected && start(root), root.pending ? REST : 3 * REST);
    }
    root.frame = requestAnimationFrame(tick);
  };
  cancelAnimationFrame(root.frame);
  root.frame = requestAnimationFrame(tick);
}

function halt(root) {
  root.playing = false;
  name(root);
  tell(root);
}

function name(root) {
  root.play.textContent = root.playing ? "❚❚" : "▶";
  root.play.setAttribute("aria-label", root.playing ? "Pause" : "Play");
}

function go(root, moment) {
  root.at = moment;
  paint(root);
  if (!root.playing) return tell(root);
  const now = performance.now();
  if (root.data.live || now - (root.toldAt ?? -FOLLOW) < FOLLOW) return;
  root.toldAt = now;
  root.asked = root.at;
  root.setStateValue("moment", root.at);
}

/** Tell the moment once it has stood for a while. */
function tell(root) {
  clearTimeout(root.rest);
  root.rest = setTimeout(() => {
    if (root.playing || !root.isConnected || root.data.live || root.at === root.asked) return;
    root.asked = root.at;
    root.setStateValue("moment", root.at);
  }, REST);
}

/** Take what has come meanwhile: a newer agent's episode. */
function adopt(root) {
  if (!root.pending) return;
  const data = root.pending;
  root.pending = null;
  show(root, data);
}

function buildSide(root, side, number) {
  const node = element("section", "side"), head = element("div", "head"), title = element("b", "", side.title);
  const score = element("span", "score number"), stage = element("div", "stage"), canvas = element("canvas");
  const over = element("div", "over"), panel = element("div", "panel"), plots = element("div", "plots");
  head.append(title, element("span", "muted", side.note), score);
  if (side.closes) {
    const close = element("button", "close", "✕");
    close.type = "button";
    close.title = "Remove the branch";
    close.setAttribute("aria-label", close.title);
    close.onclick = () => root.setTriggerValue("closed", true);
    head.append(close);
  }
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `${side.title}: the game at this moment`);
  stage.append(canvas, over);
  node.append(head, stage, panel, plots);
  const view = { node, side, canvas, over, stage, score, ...buildPanel(root, panel, side, number === 0) };
  view.plots = buildPlots(plots, (share) => scrub(root, Math.round(share * lastOf(root))));
  return view;
}

function buildPanel(root, panel, side, first) {
  const branching = first && !root.data.live;
  panel.append(element("div", "muted small", side.chances ? "What it would do" : "What it finds each action worth"));
  const list = element("div", "actions");
  const actions = side.actions.map((action, i) => {
    const row = element(branching ? "button" : "div", "action"), track = element("span", "track"), fill = element("span", "fill");
    fill.style.background = side.hues[i];
    track.append(fill);
    const share = element("span", "share number");
    row.append(element("span", "label", action), track, share);
    if (branching) {
      row.type = "button";
      row.onclick = () => {
        if (root.at >= root.shown[0].steps || root.shown[0].action[root.at] === i) return;
        halt(root);
        row.classList.add("waiting");
        root.setTriggerValue("branched", { moment: root.at, action: i });
      };
    }
    list.append(row);
    return { row, fill, share };
  });
  const say = element("div", "say muted small");
  const title = element("div", "muted small seen-title", "What it sees");
  panel.append(list, say, title);
  const seen = element("div", side.scene === "grid" ? "planes" : "numbers");
  const channels = side.channels.map((channel) => {
    if (side.scene === "grid") {
      const node = element("figure"), canvas = element("canvas");
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", channel);
      node.append(canvas, element("figcaption", "muted", channel.replaceAll("_", " ")));
      seen.append(node);
      return { canvas };
    }
    const row = element("div", "seen"), number = element("span", "number share"), track = element("span", "push"), fill = element("span", "fill");
    track.append(fill);
    row.append(element("span", "label", channel), number, track);
    seen.append(row);
    return { number, track, fill };
  });
  panel.append(seen);
  const past = buildPast(panel, side, (back) => scrub(root, Math.min(root.at, side.steps) - back));
  return { actions, say, channels, title, past };
}

function paint(root) {
  const last = lastOf(root), { at } = root;
  root.slider.max = last;
  root.slider.value = at;
  root.told.textContent = `step ${at} of ${last}`;
  root.slider.setAttribute("aria-valuetext", root.told.textContent);
  for (const view of root.views) paintSide(root, view, Math.min(at, view.side.steps), last);
}

function paintSide(root, view, moment, last) {
  const { side } = view, look = root.look.value;
  paintScene(view.canvas, side, moment, view.width, side[look]);
  view.over.hidden = moment < side.steps;
  view.over.textContent = ENDS[side.end];
  view.score.textContent = `score ${short(side.gained[moment])}`;
  const count = side.actions.length, chosen = side.action[moment], [least, most] = side.range;
  view.actions.forEach(({ row, fill, share }, i) => {
    const value = side.shares[moment * count + i];
    fill.style.width = `${100 * (side.chances ? value : (value - least) / (most - least || 1))}%`;
    share.textContent = side.chances ? percent(value) : value.toFixed(2);
    row.classList.toggle("chosen", i === chosen);
  });
  view.say.textContent = words_of(side, moment);
  follow(view.plots, side, moment, last);
  paintPast(view.past, side, moment);
  const judged = look === "value_heat", pushes = judged ? side.value_push : side.push;
  if (pushes) view.title.textContent = `What it sees, and how much each pushes ${judged ? "what it expects" : "towards its choice"}`;
  view.channels.forEach((channel, i) => {
    if (channel.canvas) return paintPlane(channel.canvas, side, moment, i, PLANE);
    const place = moment * side.channels.length + i, push = pushes[place];
    channel.number.textContent = side.seen[place].toFixed(3);
    channel.fill.style.width = `${50 * Math.abs(push)}%`;
    channel.fill.style.left = `${push < 0 ? 50 - 50 * Math.abs(push) : 50}%`;
    channel.fill.classList.toggle("against", push < 0);
  });
}

function words_of(side, moment) {
  if (moment === side.steps) return side.end === "cut" ? "It would go on: longer episodes are not sent." : "It is over.";
  const action = side.actions[side.action[moment]];
  return side.repeated[moment] ? `It chose ${action}; the game repeated the action before, as it does at times.` : `It chose ${action}.`;
}

/** All that depends on the width and not on the moment. */
function layOut(root) {
  const two = root.views.length > 1;
  root.sides.classList.toggle("two", two);
  const room = Math.max(140, (two ? (root.clientWidth - 20) / 2 : root.clientWidth));
  for (const view of root.views) {
    const [wide, tall] = SCENES[view.side.scene];
    view.width = Math.floor(Math.min(room, wide > tall ? 540 : two ? 480 : 400));
    view.node.style.setProperty("--stage", `${view.width}px`);
  }
  paint(root); // the plots take the width that is left
  for (const { plots, side } of root.views) paintPlots(plots, side, lastOf(root), root.data.branched);
}

function show(root, data) {
  const same = root.data?.key === data.key;
  root.data = data;
  if (same) return;
  root.shown = data.sides.map(decode);
  const numbers = root.shown.flatMap((side) => (side.chances ? [...side.value] : [...side.value, ...side.shares]));
  const range = [Math.min(...numbers), Math.max(...numbers)];
  for (const side of root.shown) side.range = range;
  const drawn = root.shown.some((side) => side.scene === "grid");
  root.look.firstChild.hidden = !drawn; // numbers have no frame to light up
  if (!drawn && !root.look.value) root.look.value = "heat";
  root.views = root.shown.map((side, number) => buildSide(root, side, number));
  root.sides.replaceChildren(...root.views.map(({ node }) => node));
  layOut(root);
}

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  const root = parentElement.querySelector(".root");
  const fresh = !root.slider;
  if (fresh) build(root);
  Object.assign(root, { setStateValue, setTriggerValue });
  const newer = !fresh && root.data.key !== data.key && root.data.subject === data.subject;
  if (newer && data.live && root.at < lastOf(root)) {
    root.pending = data; // what plays is played to its end
    if (!root.playing) name(root);
  } else {
    const before = root.data?.key, goes = root.playing;
    const stays = !fresh && data.branched !== null ? data.branched : newer && !data.live ? root.at : 0;
    root.pending = null;
    show(root, data);
    if (before !== data.key) {
      root.asked = fresh ? data.moment : null;
      root.at = Math.min(stays, lastOf(root));
      const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
      if (!calm && (!newer || goes || data.live || data.branched !== null)) start(root);
      else halt(root);
    }
  }
  layOut(root);
  return onResize(root, () => layOut(root));
}
