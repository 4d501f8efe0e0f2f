// A person plays against an agent: the rules go on here, and nobody is asked but when the controls change hands.

const SPEEDS = [0.25, 0.5, 0.75, 1, 1.5, 2];
const SHOWN = { ready: "Press a key to start", paused: "Paused", counting: "", waiting: "The agent takes over", terminated: "Game over", truncated: "Time is up" };
const BEST = "neural-arcade-best"; // of this visit: a tab's
const BEATS = 3, BEAT = 600; // of the countdown before a person's first step, and ms of each
const STACKED = 700; // a width in CSS pixels, below which all stands in one column
const KEPT = 6; // steps for which it is told that the game repeated an action

const numbers = (text) => new Float32Array(bytes(text).buffer);
const base64 = (values) => btoa(String.fromCharCode(...new Uint8Array(values.buffer)));

/** What an agent did from a moment on. */
function decodeCourse(course) {
  const found = { ...course, action: bytes(course.action), reward: numbers(course.reward), shares: numbers(course.shares), states: numbers(course.states) };
  found.steps = found.action.length;
  found.gained = [0];
  found.reward.forEach((reward, step) => found.gained.push(found.gained[step] + reward));
  return found;
}

function action(label, key, className = "") {
  const node = element("button", `do ${className}`);
  node.type = "button";
  node.append(element("span", "", label), element("kbd", "", key));
  node.firstChild.className = "label";
  return node;
}

function build(root) {
  root.replaceChildren();
  const bar = element("div", "bar"), go = action("Start", "P", "first"), give = action("Hand over", "H"), again = action("Again", "R"), next = action("New game", "N");
  const speed = element("select");
  speed.setAttribute("aria-label", "Speed");
  for (const each of SPEEDS) {
    const option = element("option", "", `${each} ×`);
    option.value = each;
    speed.append(option);
  }
  speed.value = 1;
  bar.append(go, give, again, next, speed);
  const table = element("div", "table"), left = element("div", "left"), panel = element("div", "panel");
  const scores = element("div", "scores"), mine = element("div", "score"), its = element("div", "score");
  for (const node of [mine, its]) node.append(element("span", "muted small"), element("b", "number"), element("span", "muted small number"));
  scores.append(mine, its);
  const stage = element("div", "stage"), canvas = element("canvas"), over = element("div", "over"), twice = element("div", "over twice", "repeated");
  twice.title = "Chance put the action before in the place of the one chosen";
  stage.tabIndex = 0;
  stage.setAttribute("role", "application");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", "The game");
  stage.append(canvas, over, twice);
  const pad = element("div", "pad"), looks = element("div", "looks muted small"), say = element("div", "say");
  say.setAttribute("role", "status");
  left.append(stage, looks, pad);
  const beside = element("div", "beside"), ghost = element("canvas"), odds = element("div", "odds");
  ghost.setAttribute("role", "img");
  beside.append(element("div", "muted small"), ghost);
  panel.append(scores, say, odds, beside);
  table.append(left, panel);
  const course = element("div", "course");
  root.append(bar, table, course);
  Object.assign(root, { go, give, speed, stage, canvas, over, twice, pad, looks, say, mine, its, beside, ghost, odds, table, count: Math.floor(2 ** 30 * Math.random()) });
  root.course = buildCourse(course);
  go.onclick = () => {
    toggle(root);
    pad.scrollIntoView({ block: "nearest" }); // on a small screen it lies below
    stage.focus({ preventScroll: true });
  };
  give.onclick = (event) => {
    swap(root);
    if (event.detail) stage.focus({ preventScroll: true });
  };
  again.onclick = () => anew(root);
  next.onclick = () => another(root);
  stage.onpointerdown = () => {
    if (root.agent && root.phase !== "over") start(root); // a person's own game waits for a key
  };
  stage.onfocus = () => paint(root);
  stage.onkeydown = (event) => keyed(root, event);
  stage.onkeyup = (event) => {
    if (root.keys.has(event.code)) letGo(root, root.keys.get(event.code));
  };
  stage.onblur = (event) => {
    root.hand.held = [];
    if (!root.agent && !root.contains(event.relatedTarget)) halt(root);
    paint(root);
  };
}

function keyed(root, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return; // the browser's own
  const does = { KeyP: toggle, KeyH: swap, KeyR: anew, KeyN: another }[event.code];
  const chosen = root.keys.get(event.code);
  if (chosen === undefined && !does && !SCROLLS.has(event.code)) return;
  event.preventDefault();
  if (event.repeat) return;
  if (chosen !== undefined) press(root, chosen);
  else if (does) does(root);
  else if (event.code === "Space") toggle(root);
}

/** A new match with the same chances. */
function fresh(root) {
  halt(root);
  Object.assign(root, {
    states: [root.data.first], actions: [], gained: [0], who: [], repeated: [],
    agent: false, rest: null, phase: root.data.turns ? "running" : "ready", end: null, hand: hand(root.settings.actions), asked: null,
  });
  root.seen = { at: 0, state: root.data.first };
  tell(root, root.data.aim);
  paint(root);
}

function anew(root) {
  fresh(root);
  root.stage.focus({ preventScroll: true });
}

function another(root) {
  halt(root);
  root.setTriggerValue("next", root.data.key);
  root.stage.focus({ preventScroll: true });
}

function tell(root, text) {
  root.say.textContent = text;
}

// Who has the controls

function press(root, chosen) {
  if (root.phase === "waiting" || root.phase === "over") return;
  if (root.agent) takeBack(root);
  hold(root.hand, chosen);
  if (!root.data.turns) return countDown(root);
  step(root);
  paint(root);
}

function letGo(root, chosen) {
  release(root.hand, chosen);
}

function swap(root) {
  if (root.phase === "over") return;
  if (root.phase === "waiting" || root.agent) takeBack(root);
  else handOver(root);
}

/** Send what was played so far; the agent's way on comes back. */
function handOver(root) {
  halt(root);
  root.phase = "waiting";
  root.asked = ++root.count;
  const { fields } = root.data, told = root.states.flatMap((state) => fields.map((field) => state[field]));
  root.setTriggerValue("handed", {
    match: root.data.key,
    number: root.asked,
    actions: base64(Uint8Array.from(root.actions)),
    numbers: base64(Float32Array.from(told)),
  });
  paint(root);
}

function takeBack(root) {
  const waited = root.phase === "waiting";
  Object.assign(root, { agent: false, rest: null, asked: null, hand: hand(root.settings.actions) });
  if (waited) root.phase = root.data.turns ? "running" : "paused";
  tell(root, "You have the controls.");
  paint(root);
}

/** What the server says to a hand-over. */
function answered(root, rest) {
  if (root.phase !== "waiting" || rest?.number !== root.asked) return;
  root.asked = null;
  root.phase = root.data.turns ? "running" : "paused";
  if (rest.refused) {
    tell(root, `The agent could not take over: ${rest.refused}.`);
    return paint(root);
  }
  root.rest = decodeCourse(rest);
  root.agent = true;
  tell(root, "The agent has the controls. Any of the game's keys takes them back.");
  start(root);
}

// The clock

/** Start a person's game after a countdown, at once where the agent has the controls. */
function countDown(root) {
  if (root.agent) return start(root);
  if (root.phase !== "ready" && root.phase !== "paused") return;
  if (root.data.turns) return;
  root.resumes = root.phase;
  root.phase = "counting";
  root.beat = BEATS;
  const beat = () => {
    if (root.phase !== "counting" || !root.isConnected) return;
    if (!root.beat) {
      root.hand.tapped = null; // what was tapped meanwhile started the game and does no more
      return start(root);
    }
    paint(root);
    root.beat -= 1;
    root.timer = setTimeout(beat, BEAT);
  };
  clearTimeout(root.timer);
  beat();
}

/** Whether a game that knows no "nothing" stands still because no key is pressed. */
function waits(root) {
  const { hand: own } = root;
  return !root.agent && !root.data.turns && own.idle < 0 && own.tapped === null && !own.held.length;
}

function start(root) {
  if (root.phase === "over" || root.phase === "waiting" || root.ticks) return;
  if (!root.agent && root.data.turns) return;
  root.phase = "running";
  root.ticks = true;
  let before = null, due = 0;
  const tick = (now) => {
    if (!root.ticks || !root.isConnected) return;
    due += before === null ? 0 : (Math.min(100, now - before) / 1000) * root.data.rate * Number(root.speed.value);
    before = now;
    const clocked = () => root.ticks && (root.agent || !root.data.turns);
    for (; due >= 1 && clocked() && !waits(root); due -= 1) step(root);
    if (waits(root)) due = 0;
    if (clocked()) root.frame = requestAnimationFrame(tick);
    else root.ticks = false;
    paint(root);
  };
  cancelAnimationFrame(root.frame);
  root.frame = requestAnimationFrame(tick);
  paint(root);
}

function halt(root) {
  if (root.phase === "counting") {
    clearTimeout(root.timer);
    root.phase = root.resumes;
    return paint(root);
  }
  if (!root.ticks) return;
  root.ticks = false;
  if (root.phase === "running" && (root.agent || !root.data.turns)) root.phase = "paused";
  paint(root);
}

function toggle(root) {
  if (root.ticks || root.phase === "counting") halt(root);
  else countDown(root);
}

/** What chance decides in a step. */
function drawsAt(root, at) {
  const { most } = root.data;
  return Object.fromEntries(
    Object.entries(root.draws).map(([name, values]) => {
      const count = values.length / most;
      return [name, count === 1 ? values[at] : Array.from(values.subarray(at * count, (at + 1) * count))];
    })
  );
}

/** A state of a classic game from what the server tells of a moment. */
function stateFrom({ fields }, states, place, steps) {
  return { ...Object.fromEntries(fields.map((field, i) => [field, states[place * fields.length + i]])), steps };
}

function step(root) {
  const at = root.actions.length, { rest, agent, settings } = root, own = agent ? at - rest.begun : 0;
  const taken = agent ? rest.action[own] : chosenBy(root.hand);
  const made = RULES[settings.rules].advance(settings, root.states[at], taken, drawsAt(root, at));
  let { state, reward } = made, end = made.terminated ? "terminated" : made.truncated ? "truncated" : null;
  if (agent) {
    if (rest.states.length) state = stateFrom(root.data, rest.states, own + 1, at + 1);
    reward = rest.reward[own];
    end = own + 1 === rest.steps ? rest.end : null;
  } else if (!end && at + 1 === root.data.most) end = "cut";
  root.states.push(state);
  root.actions.push(taken);
  root.gained.push(root.gained[at] + reward);
  root.who.push(Number(agent));
  root.repeated.push(state.last_action !== undefined && state.last_action !== NAMES.indexOf(settings.actions[taken]));
  if (end) finish(root, end);
}

function finish(root, end) {
  Object.assign(root, { end, phase: "over", ticks: false });
  const gained = root.gained.at(-1), alone = !root.who.includes(1), against = root.own.gained.at(-1), { agent } = root.data;
  const best = bests(), known = best[root.data.game];
  if (alone && !(known >= gained)) bests({ ...best, [root.data.game]: gained });
  const mine = root.who.filter((each) => !each).length / root.who.length;
  const words = alone ? [`You have ${short(gained)}.`] : [`You and the agent have ${short(gained)}; you steered for ${percent(mine)} of the time.`];
  words.push(`${agent} has ${short(against)} with the same chances.`);
  if (alone) words.push(gained > against ? "You win." : gained < against ? "It wins." : "A draw.");
  if (alone && known !== undefined) words.push(gained > known ? `Your best in this visit; it was ${short(known)}.` : `Your best in this visit is ${short(known)}.`);
  tell(root, words.join(" "));
}

/** The best score of each game that a person played alone in this visit. */
function bests(changed) {
  try {
    if (changed) sessionStorage.setItem(BEST, JSON.stringify(changed));
    return JSON.parse(sessionStorage.getItem(BEST)) ?? {};
  } catch {
    return {}; // a browser may keep nothing
  }
}

// What is to be seen

/** A state as `paintScene` takes it. */
function scened(root, state, taken) {
  const { scene } = root.data;
  if (scene.scene === "grid") {
    const cells = RULES[root.settings.rules].observe(root.settings, state), bits = new Uint8Array(Math.ceil(cells.length / 8));
    cells.forEach((cell, place) => (bits[place >> 3] |= cell << (7 - (place & 7))));
    return [{ ...scene, steps: 0, bits }, 0];
  }
  const drawn = scene.drawn.flatMap((field) => state[field]); // of two moments: what was done leads to the second
  return [{ ...scene, actions: root.settings.actions, steps: 1, state: Float32Array.from([...drawn, ...drawn]), action: [taken] }, 1];
}

function paint(root) {
  const at = root.actions.length, { phase } = root;
  paintScene(root.canvas, ...scened(root, root.states[at], root.actions[at - 1]), root.wide);
  const asleep = !at && !root.agent || phase === "paused" ? !root.stage.matches(":focus") : false;
  const still = Boolean(root.ticks) && waits(root);
  root.over.hidden = phase === "running" && !asleep && !still;
  root.over.textContent = phase === "over" ? SHOWN[root.end] ?? `${at} steps are over` : asleep ? `Click to ${at ? "go on" : "play"}` : still ? "Hold a key" : phase === "counting" ? String(root.beat) : SHOWN[phase];
  if (phase === "paused" && !asleep && !root.agent) root.over.textContent += ": press a key";
  root.twice.hidden = phase === "over" || !root.repeated.slice(-KEPT).includes(true);
  root.stage.classList.toggle("agents", root.agent);
  const running = Boolean(root.ticks) || phase === "counting", ready = phase === "ready";
  root.go.firstChild.textContent = running ? "Pause" : ready || phase === "over" ? "Start" : "Go on";
  root.go.disabled = phase === "waiting" || phase === "over" || (root.data.turns && !root.agent);
  root.give.firstChild.textContent = root.agent || phase === "waiting" ? "Take back" : "Hand over";
  root.give.disabled = phase === "over";
  const now = root.agent || !at ? null : root.actions[at - 1];
  root.buttons.forEach((button, i) => button?.classList.toggle("now", i === now && running));
  paintScores(root, at);
  paintOdds(root, at);
  paintGhost(root, at);
  paintCourse(root.course, root, root.own);
}

function paintScores(root, at) {
  const { own } = root, theirs = Math.min(at, own.steps);
  const fill = ({ children: [name, score, note] }, ...texts) => [name, score, note].forEach((node, i) => (node.textContent = texts[i]));
  fill(root.mine, root.who.includes(1) ? "You and the agent" : "You", short(root.gained[at]), `step ${at} of ${root.data.longest}`);
  fill(root.its, root.data.agent, short(own.gained[theirs]), `same chances; ${short(own.gained.at(-1))} after ${own.steps} steps`);
}

/** What the agent weighs while it has the controls. */
function paintOdds(root, at) {
  const { rest, settings } = root, count = settings.actions.length;
  root.odds.hidden = !root.agent || root.phase === "over";
  if (root.odds.hidden) return;
  const place = (at - rest.begun) * count, values = rest.shares.subarray(place, place + count);
  const least = rest.chances ? 0 : Math.min(...rest.shares), most = rest.chances ? 1 : Math.max(...rest.shares);
  root.odds.firstChild.textContent = rest.chances ? "What the agent would do" : "What the agent finds each action worth";
  const next = rest.action[at - rest.begun];
  [...root.odds.children].slice(1).forEach((row, i) => {
    row.classList.toggle("chosen", i === next);
    row.children[1].firstChild.style.width = `${100 * ((values[i] - least) / (most - least || 1))}%`;
    row.lastChild.textContent = rest.chances ? percent(values[i]) : values[i].toFixed(2);
  });
}

function buildOdds(root) {
  root.odds.replaceChildren(element("div", "muted small"));
  huesOf(root.settings.actions).forEach((hue, i) => {
    const row = element("div", "action"), track = element("span", "track"), fill = element("span", "fill");
    fill.style.background = hue;
    track.append(fill);
    row.append(element("span", "label", root.settings.actions[i]), track, element("span", "share number"));
    root.odds.append(row);
  });
}

/** The agent's own game, step by step with this one; where it would give away what is to be remembered, after it. */
function paintGhost(root, at) {
  const { own, seen: ghost, settings } = root, secret = root.data.turns && root.phase !== "over";
  const to = root.data.turns ? own.steps : Math.min(at, own.steps);
  root.beside.hidden = secret;
  if (secret) return;
  if (to < ghost.at) Object.assign(ghost, { at: 0, state: root.data.first });
  for (; ghost.at < to; ghost.at++) {
    ghost.state = own.states.length
      ? stateFrom(root.data, own.states, ghost.at + 1, ghost.at + 1)
      : RULES[settings.rules].advance(settings, ghost.state, own.action[ghost.at], drawsAt(root, ghost.at)).state;
  }
  const over = to === own.steps ? `: ${(SHOWN[own.end] ?? "its steps are over").toLowerCase()}` : "";
  root.beside.firstChild.textContent = `${root.data.agent}, its own game at the same step${over}`;
  root.ghost.setAttribute("aria-label", root.beside.firstChild.textContent);
  paintScene(root.ghost, ...scened(root, ghost.state, own.action[to - 1]), root.small);
}

function layOut(root) {
  const [across, down] = SCENES[root.data.scene.scene], room = Math.max(140, root.clientWidth), long = across > down;
  root.table.classList.toggle("stacked", room < STACKED);
  root.wide = Math.floor(Math.min(room, long ? (room < STACKED ? 640 : Math.min(640, 0.6 * room)) : 440));
  root.small = Math.floor(Math.min(room, long ? 300 : 190));
  root.table.style.setProperty("--stage", `${root.wide}px`);
  paint(root);
}

function show(root, data) {
  const other = root.data?.key !== data.key;
  Object.assign(root, { data, settings: data.settings });
  root.own = decodeCourse(data.own);
  root.seen = { at: 0, state: data.first }; // the agent may have learned meanwhile, and plays otherwise
  if (!other) return;
  root.draws = Object.fromEntries(Object.entries(data.draws).map(([name, text]) => [name, new Int16Array(bytes(text).buffer)]));
  root.keys = keysOf(data.settings);
  root.buttons = buildPad(root.pad, data.settings, (chosen) => press(root, chosen), (chosen) => letGo(root, chosen));
  buildOdds(root);
  root.looks.replaceChildren(...(data.scene.looks ?? []).map(([name, rgb]) => {
    const node = element("span", "", name), swatch = element("i");
    swatch.style.background = `rgb(${rgb})`;
    node.prepend(swatch);
    return node;
  }));
  root.stage.setAttribute("aria-label", `The game. ${data.aim} While this has the focus: P pauses, H hands over, R begins again, N is a new game.`);
  [root.wide, root.small] = [root.wide ?? 300, root.small ?? 150];
  fresh(root);
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".root");
  if (!root.stage) build(root);
  root.setTriggerValue = setTriggerValue;
  show(root, data);
  layOut(root);
  answered(root, data.rest);
  const away = () => document.hidden && halt(root);
  document.addEventListener("visibilitychange", away);
  const stop = onResize(root, () => layOut(root));
  return () => {
    stop();
    document.removeEventListener("visibilitychange", away);
  };
}
