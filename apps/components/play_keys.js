// The controls of a person who plays: keys while the stage has the focus, and buttons for fingers.

// By an action's name: where its button stands, its keys, and what is written on it. Others need no button.
const WAYS = {
  left: ["l", ["ArrowLeft", "KeyA"], "←"],
  right: ["r", ["ArrowRight", "KeyD"], "→"],
  up: ["u", ["ArrowUp", "KeyW"], "↑"],
  down: ["d", ["ArrowDown", "KeyS"], "↓"],
  fire: ["f", ["Space"], "space"],
  "torque -1": ["l", ["ArrowLeft", "KeyA"], "←"],
  "torque +1": ["r", ["ArrowRight", "KeyD"], "→"],
  north: ["u", ["ArrowUp", "KeyW"], "↑"],
  south: ["d", ["ArrowDown", "KeyS"], "↓"],
  west: ["l", ["ArrowLeft", "KeyA"], "←"],
  east: ["r", ["ArrowRight", "KeyD"], "→"],
  0: ["l", ["Digit0", "Numpad0", "ArrowLeft", "KeyA"], "←"],
  1: ["r", ["Digit1", "Numpad1", "ArrowRight", "KeyD"], "→"],
};
const SCROLLS = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Space"]);

/** The action of each key, of those that do something in a game. */
function keysOf({ actions, useful }) {
  const all = actions.flatMap((name, action) => (useful.includes(name) ? (WAYS[name]?.[1] ?? []) : []).map((code) => [code, action]));
  return new Map(all);
}

/** What a person holds and has tapped. */
function hand(actions) {
  return { actions, idle: actions.findIndex((name) => NOTHING.includes(name)), held: [], tapped: null, turn: 0 };
}

function hold(own, action) {
  own.held = [...own.held.filter((each) => each !== action), action];
  own.tapped = action;
}

function release(own, action) {
  own.held = own.held.filter((each) => each !== action);
}

/** What a step is to do: what was tapped since the last, else what is held, else nothing. */
function chosenBy(own) {
  const { held, tapped } = own, fire = own.actions.indexOf("fire");
  own.tapped = null;
  if (tapped !== null) return tapped;
  const others = held.filter((each) => each !== fire);
  if (held.includes(fire) && others.length) return own.turn++ % 2 ? fire : others.at(-1); // one thing a step
  return held.at(-1) ?? own.idle; // a game that knows no "nothing" takes no step without a key
}

/** Buttons that act as the keys do; returns them by action. `press` and `letGo` are given the action. */
function buildPad(node, { actions, useful }, press, letGo) {
  node.replaceChildren();
  const places = useful.flatMap((name) => WAYS[name]?.[0] ?? []), all = [...places].sort().join("");
  node.className = `pad ${all}`;
  return actions.map((name, action) => {
    if (!WAYS[name] || !useful.includes(name)) return null;
    const [place, , key] = WAYS[name], button = element("button", "key");
    button.type = "button";
    button.style.gridArea = place;
    button.append(element("kbd", "", key), element("span", "small", name));
    button.setAttribute("aria-label", name);
    button.onpointerdown = (event) => {
      event.preventDefault(); // the stage keeps the focus
      button.setPointerCapture(event.pointerId);
      press(action);
    };
    button.onpointerup = button.onpointercancel = () => letGo(action);
    button.onclick = (event) => {
      if (event.detail) return; // a finger, see above
      press(action);
      letGo(action);
    };
    node.append(button);
    return button;
  });
}
