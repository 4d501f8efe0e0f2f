// A sentence that is read and written again, step by step: the words, what might have come next, where each
// step looked, and the state on its way. Steps 1 to S read, steps S + 1 to S + T write.

const STATE_TALL = 260, LABELS = 62, SLANT = 62, ASIDE = 16; // CSS pixels: words on a slant are so tall, and lean out

const BUTTONS = [
  ["first", "«", "To the beginning"],
  ["back", "‹", "One step back"],
  ["play", "Play", "Play"],
  ["on", "›", "One step on"],
  ["last", "»", "To the end"],
];

function build(root) {
  const bar = element("div", "bar");
  for (const [name, text, label] of BUTTONS) {
    const button = element("button", name, text);
    button.type = "button";
    button.setAttribute("aria-label", label);
    bar.append(button);
  }
  const slider = element("input");
  Object.assign(slider, { type: "range", min: 0 });
  slider.setAttribute("aria-label", "Step");
  bar.append(slider, element("span", "at number muted"));
  const words = element("div", "words");
  for (const which of ["source", "written"]) {
    const line = element("div", `line ${which}`);
    line.append(element("span", "tongue muted"), element("span", "tokens"));
    words.append(line);
  }
  const say = element("p", "say");
  say.setAttribute("aria-live", "polite");
  const pair = element("div", "pair"), next = element("section", "next"), look = element("section", "look");
  next.append(element("h4", "", "What might come next"), element("p", "hint muted"), element("ol"));
  look.append(element("h4", "", "Where it looked"), element("p", "read muted number"), element("canvas"));
  pair.append(next, look);
  const state = element("section", "state"), head = element("div", "head");
  const read = element("span", "read muted number");
  head.append(element("h4", "", "The state"), element("span", "picks"), read);
  state.append(head, element("canvas"));
  root.append(bar, words, say, pair, state);
  root.tabIndex = 0;
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", "The translation step by step: the arrow keys step, the space bar plays");

  const jumps = { first: () => 0, back: () => root.at - 1, on: () => root.at + 1, last: () => root.steps };
  for (const [name, to] of Object.entries(jumps)) bar.querySelector(`.${name}`).onclick = () => stand(root, to());
  bar.querySelector(".play").onclick = () => (root.timer ? pause(root) : play(root));
  slider.oninput = () => stand(root, Number(slider.value));
  root.onkeydown = (event) => {
    const keys = { ArrowLeft: "back", ArrowRight: "on", Home: "first", End: "last" };
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (keys[event.key]) stand(root, jumps[keys[event.key]]());
    else if (event.key === " " && event.target.tagName !== "BUTTON") root.timer ? pause(root) : play(root);
    else return;
    event.preventDefault();
  };
  const looked = look.querySelector("canvas"), states = state.querySelector("canvas");
  for (const canvas of [looked, states]) canvas.setAttribute("role", "img");
  looked.onpointermove = (event) => readLook(root, event);
  looked.onpointerleave = () => sayLook(root);
  looked.onclick = (event) => {
    const cell = lookCell(root, event);
    if (cell) stand(root, root.data.source.length + cell.row + 1);
  };
  states.onpointermove = (event) => readState(root, event);
  states.onpointerleave = () => (read.textContent = "");
  states.onclick = (event) => {
    const found = stateCell(root, event);
    if (found) stand(root, found.column + 1);
  };
}

function stand(root, step) {
  pause(root);
  go(root, step);
}

function go(root, step) {
  root.at = Math.max(0, Math.min(root.steps, step));
  paint(root);
}

function pause(root) {
  clearTimeout(root.timer);
  root.timer = null;
  const button = root.querySelector(".play");
  button.textContent = "Play";
  button.setAttribute("aria-label", "Play");
}

function play(root) {
  const button = root.querySelector(".play");
  button.textContent = "Pause";
  button.setAttribute("aria-label", "Pause");
  if (root.at >= root.steps) root.at = 0;
  const hold = Math.max(40, Math.min(420, 14000 / root.steps));
  const tick = () => {
    if (!root.isConnected || root.at >= root.steps) return pause(root);
    go(root, root.at + 1);
    root.timer = setTimeout(tick, hold);
  };
  clearTimeout(root.timer);
  root.timer = setTimeout(tick, hold);
}

/** A token: those of one word stand close together. */
function token([text, begins], place) {
  const made = element("button", begins || !place ? "token begins" : "token", text);
  made.type = "button";
  made.tabIndex = -1; // the arrow keys lead to all of them
  return made;
}

function fill(root) {
  const { data } = root, count = data.source.length;
  for (const [which, tongue, words, first] of [
    ["source", data.languages[0], data.source, 1],
    ["written", data.languages[1], data.written, count + 1],
  ]) {
    const line = root.querySelector(`.line.${which}`);
    line.querySelector(".tongue").textContent = tongue;
    const made = words.map(token);
    made.forEach((each, i) => (each.onclick = () => stand(root, first + i)));
    line.querySelector(".tokens").replaceChildren(...made);
  }
  const picks = root.querySelector(".picks");
  picks.replaceChildren(
    ...data.states.map((one, i) => {
      const button = element("button", "pick", one.name);
      button.type = "button";
      button.onclick = () => { root.shown = i; paint(root); };
      return button;
    }),
  );
  picks.hidden = data.states.length < 2;
  root.querySelector(".look").hidden = false;
  root.querySelector(".state").hidden = !data.states.length; // a Transformer has none
  root.querySelector(".look canvas").hidden = !data.looked;
}

function paint(root) {
  const { data, at } = root, count = data.source.length;
  const step = at - count - 1; // that wrote last; below 0 while it reads
  const style = getComputedStyle(root);
  const theme = {
    font: style.getPropertyValue("--st-font").trim() || "sans-serif",
    text: style.getPropertyValue("--st-text-color").trim(),
    page: style.getPropertyValue("--st-background-color").trim(),
    strong: style.getPropertyValue("--st-primary-color").trim(),
    mark: isDark(root) ? "#ffa04d" : "#d9741a",
    colours: palette(isDark(root)),
  };
  root.querySelector(".bar input").value = at;
  root.querySelector(".bar .at").textContent = `step ${at} of ${root.steps}`;
  [...root.querySelectorAll(".source .token")].forEach((each, i) => {
    const share = data.looked && step >= 0 ? root.looks[step * count + i] / 255 : 0;
    each.style.setProperty("--share", `${Math.round(100 * share)}%`);
    each.classList.toggle("deep", share > 0.55);
    each.classList.toggle("ahead", i >= at);
    each.classList.toggle("now", i === at - 1);
  });
  [...root.querySelectorAll(".written .token")].forEach((each, i) => {
    each.classList.toggle("ahead", i > step);
    each.classList.toggle("now", i === step);
  });
  for (const line of root.querySelectorAll(".line")) { // one that is long scrolls
    const now = line.querySelector(".now");
    if (now && line.scrollHeight > line.clientHeight) line.scrollTop = now.offsetTop - line.clientHeight / 2;
  }
  root.querySelector(".say").textContent = told(root, step);
  likely(root, step);
  drawLook(root, step, theme);
  sayLook(root);
  if (root.data.states.length) drawState(root, theme);
}

function told(root, step) {
  const { data, at } = root, count = data.source.length, state = data.states.length;
  if (at === 0) return "Nothing has been read yet.";
  if (at < count) return state ? `Reading: ${at} of ${count} tokens are in the state.` : `${at} of ${count} tokens are read.`;
  if (step < 0) return state ? "All is read. The state is handed over to the decoder." : "All is read, every token with a look at all others.";
  const last = data.ended && step === data.written.length - 1;
  return `It ${last ? "ended here" : `wrote “${data.written[step][0]}”`}, which it found ${percent(data.sure[step])} likely.`;
}

function likely(root, step) {
  const { data } = root, list = root.querySelector(".next ol"), hint = root.querySelector(".next .hint");
  if (step < 0) {
    hint.textContent = "It is asked for the first time when all is read.";
    list.replaceChildren();
    return;
  }
  hint.textContent = `Word piece ${step + 1} of ${data.written.length}: the likeliest, and the one that was written.`;
  const rows = data.likeliest[step].map(([text, share], rank) => [text, share, rank === data.ranks[step]]);
  if (data.ranks[step] < 0) rows.push([data.written[step][0], data.sure[step], true]);
  list.replaceChildren(
    ...rows.map(([text, share, chosen]) => {
      const item = element("li", chosen ? "chosen" : ""), track = element("span", "track"), bar = element("span", "fill");
      bar.style.width = `${100 * share}%`;
      track.append(bar);
      item.append(element("span", "label", text), track, element("span", "share number", percent(share)));
      return item;
    }),
  );
}

// The matrix: a row for each token that was written, a column for each that was read.

function lookPlan(root) {
  const { data } = root, S = data.source.length, T = data.written.length;
  const room = root.querySelector(".look").clientWidth;
  const left = Math.min(96, room / 3);
  const wide = Math.max(0.25, Math.min(30, (room - left - ASIDE) / S)); // of a cell
  const tall = Math.max(Math.min(wide, 1200 / T), Math.min(14, 420 / T));
  const top = wide >= 11 ? SLANT : 4;
  return { S, T, left, wide, tall, top, width: left + wide * S + ASIDE, height: top + tall * T + 2 };
}

function drawLook(root, step, theme) {
  if (!root.data.looked) return;
  const plan = lookPlan(root), { S, T, left, wide, tall, top } = plan;
  const canvas = root.querySelector(".look canvas");
  const context = sized(canvas, plan.width, plan.height);
  const levels = root.looks.map((value) => ZERO + Math.round((value * 127) / 255));
  const source = picture(S, T, coloured(levels, theme.colours));
  context.drawImage(source, 0, 0, S, T, left, top, wide * S, tall * T);
  const seen = Math.max(0, step + 1);
  context.globalAlpha = 0.82; // what is not written yet
  context.fillStyle = theme.page;
  context.fillRect(left, top + tall * seen, wide * S, tall * (T - seen));
  context.globalAlpha = 1;
  if (Math.min(wide, tall) >= 8 && S * T < 3000) {
    context.strokeStyle = `color-mix(in srgb, ${theme.text} 12%, transparent)`;
    context.beginPath();
    for (let i = 0; i <= S; i++) { context.moveTo(left + i * wide, top); context.lineTo(left + i * wide, top + T * tall); }
    for (let i = 0; i <= T; i++) { context.moveTo(left, top + i * tall); context.lineTo(left + S * wide, top + i * tall); }
    context.stroke();
  }
  if (step >= 0) {
    context.strokeStyle = theme.mark;
    context.lineWidth = 2;
    context.strokeRect(left, top + step * tall, wide * S, Math.max(2, tall));
  }
  context.font = `${Math.min(13, wide)}px ${theme.font}`;
  if (wide >= 11) slanted(context, root.data.source.map(([text]) => text), (i) => left + (i + 0.5) * wide, top - 6, theme, () => 1);
  if (tall < 9) return;
  context.font = `${Math.min(13, tall)}px ${theme.font}`;
  context.textAlign = "right";
  context.textBaseline = "middle";
  context.fillStyle = theme.text;
  root.data.written.forEach(([text], i) => {
    context.globalAlpha = i <= step ? 1 : 0.25;
    context.fillText(shortened(text, 14), left - 7, top + (i + 0.5) * tall);
  });
  context.globalAlpha = 1;
}

function shortened(text, most) {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

/** Words on a slant, each ending (above) at its place. */
function slanted(context, words, x, y, theme, alpha) {
  context.fillStyle = theme.text;
  context.textAlign = "left";
  context.textBaseline = "middle";
  words.forEach((text, i) => {
    context.save();
    context.globalAlpha = alpha(i);
    context.translate(x(i), y);
    context.rotate(-Math.PI / 3);
    context.fillText(shortened(text, 9), 0, 0);
    context.restore();
  });
}

function lookCell(root, event) {
  if (!root.data.looked) return null;
  const { S, T, left, top, wide, tall } = lookPlan(root);
  const column = Math.floor((event.offsetX - left) / wide), row = Math.floor((event.offsetY - top) / tall);
  return column >= 0 && column < S && row >= 0 && row < T ? { row, column } : null;
}

function readLook(root, event) {
  const cell = lookCell(root, event);
  if (!cell) return sayLook(root);
  const { data } = root, share = root.looks[cell.row * data.source.length + cell.column] / 255;
  root.querySelector(".look .read").textContent =
    `writing “${data.written[cell.row][0]}”, it looked at “${data.source[cell.column][0]}” with ${percent(share)}`;
}

function sayLook(root) {
  const { data } = root;
  root.querySelector(".look .read").textContent = data.looked
    ? "Point at a cell to read the share; click to go to that step."
    : "This model has no attention. All it knows of the sentence is the state that was handed over.";
}

// The state: a row for each unit, a column for each step, encoder then decoder.

function statePlan(root) {
  const S = root.data.source.length, T = root.data.written.length;
  const one = root.data.states[root.shown], room = root.querySelector(".state").clientWidth;
  const gap = 14, bands = one.bands, units = bands.reduce((sum, band) => sum + band.units, 0);
  const cell = Math.max(0.25, Math.min(44, (room - LABELS - gap - ASIDE) / (S + T)));
  const row = Math.max(1, Math.round(STATE_TALL / units));
  const labels = cell >= 12 ? SLANT : 6;
  return { S, T, gap, bands, units, cell, row, labels, x: (i) => LABELS + i * cell + (i >= S ? gap : 0),
    width: LABELS + gap + cell * (S + T) + ASIDE, height: labels + row * units + 22 };
}

function drawState(root, theme) {
  const { data, at } = root, one = data.states[root.shown];
  [...root.querySelectorAll(".pick")].forEach((button, i) => button.setAttribute("aria-pressed", String(i === root.shown)));
  const plan = statePlan(root), { S, T, cell, row, labels, x } = plan;
  const canvas = root.querySelector(".state canvas");
  const context = sized(canvas, plan.width, plan.height);
  const columns = S + T, tall = row * plan.units;
  const source = picture(columns, plan.units, coloured(one.bytes, theme.colours));
  context.drawImage(source, 0, 0, S, plan.units, x(0), labels, S * cell, tall);
  context.drawImage(source, S, 0, T, plan.units, x(S), labels, T * cell, tall);
  // What has not been computed yet is covered.
  context.globalAlpha = 0.85;
  context.fillStyle = theme.page;
  let top = labels;
  for (const band of plan.bands) {
    const read = Math.min(S, at), height = band.units * row;
    const from = band.backwards ? 0 : read;
    context.fillRect(x(from), top, (S - read) * cell, height);
    top += height;
  }
  const written = Math.max(0, at - S);
  context.fillRect(x(S + written), labels, (T - written) * cell, tall);
  context.globalAlpha = 1;
  context.font = `12px ${theme.font}`;
  context.lineWidth = 1.5;
  top = labels;
  plan.bands.forEach((band, i) => {
    const height = band.units * row, middle = top + height / 2;
    if (i) {
      context.fillStyle = theme.page;
      context.fillRect(x(0), top - 1, S * cell, 2);
    }
    if (band.name) {
      context.fillStyle = theme.text;
      context.textAlign = "left";
      context.textBaseline = "middle";
      context.fillText(band.name, 0, middle - 8);
      context.fillText(band.backwards ? "⟵" : "⟶", 0, middle + 9);
    }
    // What is handed over: the step that each direction took last.
    const last = band.backwards ? 0 : S - 1;
    context.strokeStyle = theme.mark;
    context.strokeRect(x(last), top + 0.75, Math.max(2, cell), height - 1.5);
    top += height;
  });
  const seam = LABELS + S * cell + plan.gap / 2;
  context.strokeStyle = theme.mark;
  context.beginPath();
  context.moveTo(seam, labels - 2);
  context.lineTo(seam, labels + tall + 6);
  context.stroke();
  context.fillStyle = theme.mark;
  context.textBaseline = "top";
  const words = "handed over", half = context.measureText(words).width / 2;
  context.textAlign = "center";
  context.fillText(words, Math.min(plan.width - half, Math.max(half, seam)), labels + tall + 7);
  context.fillStyle = theme.text;
  context.globalAlpha = 0.66;
  context.textAlign = "left";
  if (S * cell > 150) context.fillText("encoder", x(0), labels + tall + 7);
  context.textAlign = "right";
  if (T * cell > 150) context.fillText("decoder", plan.width - ASIDE, labels + tall + 7);
  context.globalAlpha = 1;
  if (at > 0) {
    context.strokeStyle = theme.text;
    context.strokeRect(x(at - 1), labels - 1, Math.max(2, cell), tall + 2);
  }
  if (cell >= 12) slanted(context, [...data.source, ...data.written].map(([text]) => text), (i) => x(i) + cell / 2, labels - 7, theme, (i) => (i < at ? 1 : 0.3));
  canvas.setAttribute("aria-label", `${one.name}: ${plan.units} units over ${S} steps of the encoder and ${T} of the decoder`);
}

function stateCell(root, event) {
  const plan = statePlan(root), { S, T, cell, row, labels } = plan;
  let across = event.offsetX - LABELS;
  if (across > S * cell + plan.gap / 2) across -= plan.gap;
  const column = Math.floor(across / cell), unit = Math.floor((event.offsetY - labels) / row);
  return column >= 0 && column < S + T && unit >= 0 && unit < plan.units ? { column, unit, plan } : null;
}

function readState(root, event) {
  const found = stateCell(root, event), read = root.querySelector(".state .read");
  if (!found) return void (read.textContent = "");
  const { column, unit, plan } = found, { data } = root, one = data.states[root.shown];
  const value = ((one.bytes[unit * (plan.S + plan.T) + column] - ZERO) / (255 - ZERO)) * one.scale;
  const words = [...data.source, ...data.written];
  const what = column < plan.S ? "read" : "wrote";
  read.textContent = `unit ${unit + 1}, ${what} “${words[column][0]}”: ${value.toFixed(2)}`;
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  if (!root.firstElementChild) build(root);
  const another = root.id_ !== data.id;
  root.data = data;
  root.id_ = data.id;
  root.steps = data.source.length + data.written.length;
  root.looks = data.looked ? bytes(data.looked) : null;
  for (const one of data.states) one.bytes = bytes(one.pixels);
  root.shown = Math.min(root.shown ?? 0, data.states.length - 1);
  root.querySelector(".bar input").max = root.steps;
  fill(root);
  if (another) {
    // The English comes word by word, unless someone would rather have nothing move.
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    pause(root);
    root.at = still ? root.steps : data.source.length;
    paint(root);
    if (!still) play(root);
  } else {
    paint(root);
    if (root.timer) play(root);
  }
  const stop = onResize(root, () => paint(root));
  return () => { clearTimeout(root.timer); stop(); };
}
