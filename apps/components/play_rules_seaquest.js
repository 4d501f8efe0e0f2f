// Seaquest of games/minatar/seaquest.py in the browser: things are kept as there, the latest of a kind first.

const OXYGEN = 200, ABOARD = 6;

/** Put one thing before the others of its kind; the last is pushed out. `first` has its entries by their names. */
function pushed(state, first) {
  const after = { ...state };
  for (const [name, entry] of Object.entries(first)) after[name] = [entry, ...state[name].slice(0, -1)];
  return after;
}

/** Let an enemy and a diver come, where their time is up; no enemy against those that are in its row. */
function spawned(state, draws) {
  const due = state.spawn_timer === 0, diverDue = state.diver_spawn_timer === 0;
  const against = state.enemy_present.some((there, k) => there && state.enemy_y[k] === draws.enemy_y && state.enemy_right[k] !== draws.enemy_right);
  let after = { ...state };
  if (due) after.spawn_timer = state.spawn_speed;
  if (diverDue) after.diver_spawn_timer = 30;
  if (due && !against) {
    after = pushed(after, {
      enemy_present: 1,
      enemy_submarine: draws.enemy_submarine,
      enemy_x: draws.enemy_right ? 0 : 9,
      enemy_y: draws.enemy_y,
      enemy_right: draws.enemy_right,
      enemy_move: state.move_speed,
      enemy_shot: 10,
    });
  }
  if (!diverDue) return after;
  return pushed(after, {
    diver_present: 1,
    diver_x: draws.diver_right ? 0 : 9,
    diver_y: draws.diver_y,
    diver_right: draws.diver_right,
    diver_move: 5,
  });
}

/** Shoot or move. */
function steered(state, action) {
  const fires = action === FIRE && state.shot_timer === 0;
  const after = fires ? pushed(state, { bullet_present: 1, bullet_x: state.x, bullet_y: state.y, bullet_right: state.right }) : state;
  return {
    ...after,
    shot_timer: fires ? 5 : state.shot_timer,
    x: walk(state.x, action, LEFT, RIGHT),
    y: walk(state.y, action, UP, DOWN, 0, 8),
    right: Number(action === RIGHT || (state.right && action !== LEFT)),
  };
}

/** Whether a bullet and an enemy are in one cell. */
function meets(state, bullet, enemy) {
  return state.bullet_present[bullet] && state.enemy_present[enemy] && state.bullet_x[bullet] === state.enemy_x[enemy] && state.bullet_y[bullet] === state.enemy_y[enemy];
}

const ahead = (places, right) => places.map((place, k) => place + (right[k] ? 1 : -1));

/** Move the player's bullets; each shoots one enemy of its cell: the earliest fish, else submarine. */
function bulletsMoved(state) {
  const bullet_x = ahead(state.bullet_x, state.bullet_right);
  const moved = { ...state, bullet_x, bullet_present: state.bullet_present.map((there, k) => Number(there && within(bullet_x[k]))) };
  const victims = new Set(), spent = new Set();
  for (const bullet of bullet_x.keys()) {
    let victim = -1, most = -1;
    for (const enemy of state.enemy_x.keys()) {
      const turn = enemy + (state.enemy_submarine[enemy] ? 0 : 30);
      if (meets(moved, bullet, enemy) && turn > most) [victim, most] = [enemy, turn];
    }
    if (victim < 0) continue;
    victims.add(victim);
    spent.add(bullet);
  }
  moved.bullet_present = moved.bullet_present.map((there, k) => Number(there && !spent.has(k)));
  moved.enemy_present = state.enemy_present.map((there, k) => Number(there && !victims.has(k)));
  return [moved, spent.size];
}

/** Move divers and pick up those that the player meets, the latest first, before or after their move. */
function diversMoved(state) {
  const moves = state.diver_present.map((there, k) => there && state.diver_move[k] === 0), next = ahead(state.diver_x, state.diver_right);
  const diver_x = state.diver_x.map((place, k) => (moves[k] ? next[k] : place));
  let { aboard } = state;
  const diver_present = state.diver_present.map((there, k) => {
    const met = there && state.diver_y[k] === state.y && (state.diver_x[k] === state.x || diver_x[k] === state.x);
    const picked = met && aboard < ABOARD; // there may be room for one alone
    aboard += Number(picked);
    return Number(there && !picked && within(diver_x[k]));
  });
  return { ...state, aboard, diver_present, diver_x, diver_move: state.diver_move.map((steps, k) => (moves[k] ? 5 : steps - 1)) };
}

/** Move enemies and their bullets; those that run into a player's bullet are shot, too. */
function enemiesMoved(state) {
  const there = state.enemy_present, next = ahead(state.enemy_x, state.enemy_right);
  const moves = there.map((each, k) => each && state.enemy_move[k] === 0);
  const fires = there.map((each, k) => each && state.enemy_submarine[k] && state.enemy_shot[k] === 0);
  const moved = {
    ...state,
    enemy_x: state.enemy_x.map((place, k) => (moves[k] ? next[k] : place)),
    enemy_move: state.enemy_move.map((steps, k) => (moves[k] ? state.move_speed : steps - 1)),
    enemy_shot: state.enemy_shot.map((steps, k) => (fires[k] ? 10 : steps - 1)),
  };
  let ended = there.some((each, k) => each && state.enemy_y[k] === state.y && (state.enemy_x[k] === state.x || moved.enemy_x[k] === state.x));
  const left = [...state.torpedo_left], right = [...state.torpedo_right];
  fires.forEach((each, k) => {
    if (each && within(moved.enemy_x[k])) (state.enemy_right[k] ? right : left)[(state.enemy_y[k] - 1) * SIDE + moved.enemy_x[k]] = 1;
  });
  moved.torpedo_left = left.map((_, place) => (place % SIDE === 9 ? 0 : left[place + 1]));
  moved.torpedo_right = right.map((_, place) => (place % SIDE ? right[place - 1] : 0));
  const here = (state.y - 1) * SIDE + state.x;
  if (state.y > 0) ended ||= Boolean(left[here] || right[here] || moved.torpedo_left[here] || moved.torpedo_right[here]);
  let rammed = 0;
  const hit = new Set(), spent = new Set();
  for (const bullet of state.bullet_x.keys()) {
    for (const enemy of there.keys()) {
      if (!moves[enemy] || !meets(moved, bullet, enemy)) continue;
      rammed += 1;
      hit.add(enemy);
      spent.add(bullet);
    }
  }
  moved.bullet_present = state.bullet_present.map((each, k) => Number(each && !spent.has(k)));
  moved.enemy_present = there.map((each, k) => Number(each && within(moved.enemy_x[k]) && !hit.has(k)));
  return [moved, rammed, ended];
}

/** Breathe under water, or come up; and the reward of six divers. */
function surfaced(game, state) {
  const under = state.y > 0, up = !under && !state.surfaced, comes = up && state.aboard !== 0, full = comes && state.aboard === ABOARD;
  const rises = comes && game.ramping && (state.spawn_speed > 1 || state.move_speed > 2);
  const after = {
    ...state,
    oxygen: comes ? OXYGEN : state.oxygen - Number(under),
    aboard: (full ? 0 : state.aboard) - Number(comes), // 6 to -1, as the original
    surfaced: Number(!under && (comes || state.surfaced === 1)),
    move_speed: state.move_speed - Number(rises && state.move_speed > 2 && state.ramp_index % 2 === 1),
    spawn_speed: state.spawn_speed - Number(rises && state.spawn_speed > 1),
    ramp_index: state.ramp_index + Number(rises),
    ended: Number(state.ended || (up && !comes)),
  };
  return [after, full ? Math.floor((state.oxygen * 10) / OXYGEN) : 0];
}

function seaquest(game, state, action, draws) {
  const [flown, shot] = bulletsMoved(steered(spawned(state, draws), action));
  const [moved, rammed, met] = enemiesMoved(diversMoved(flown));
  moved.spawn_timer = Math.max(moved.spawn_timer - 1, 0);
  moved.diver_spawn_timer = Math.max(moved.diver_spawn_timer - 1, 0);
  moved.shot_timer = Math.max(moved.shot_timer - 1, 0);
  moved.ended = Number(met || moved.oxygen <= 0);
  const [after, brought] = surfaced(game, moved);
  return [after, shot + rammed + brought];
}

function seeSeaquest(game, state) {
  return seen(10, (mark) => {
    const behind = (place, right) => place + (right ? -1 : 1);
    mark(0, state.y, state.x);
    mark(1, state.y, behind(state.x, state.right));
    state.bullet_present.forEach((there, k) => there && mark(2, state.bullet_y[k], state.bullet_x[k]));
    plant(mark, 4, state.torpedo_left, 1);
    plant(mark, 4, state.torpedo_right, 1);
    state.enemy_present.forEach((there, k) => {
      if (!there) return;
      mark(state.enemy_submarine[k] ? 6 : 5, state.enemy_y[k], state.enemy_x[k]);
      mark(3, state.enemy_y[k], behind(state.enemy_x[k], state.enemy_right[k]));
    });
    state.diver_present.forEach((there, k) => {
      if (!there) return;
      mark(9, state.diver_y[k], state.diver_x[k]);
      mark(3, state.diver_y[k], behind(state.diver_x[k], state.diver_right[k]));
    });
    const oxygen = Math.floor((Math.max(state.oxygen, 0) * 10) / OXYGEN);
    for (let x = 0; x < SIDE; x++) {
      if (x < oxygen) mark(7, 9, x);
      if (x >= 9 - state.aboard && x < 9) mark(8, 9, x);
    }
  });
}

const RULES = { ...CLASSIC, ...MEMORY, ...MINATAR, seaquest: { advance: minatar(seaquest), observe: seeSeaquest } };
