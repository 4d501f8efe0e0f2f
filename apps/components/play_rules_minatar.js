// The rules of games/minatar in the browser: the same fields, all of them whole numbers, grids row by row.

const [NOOP, LEFT, UP, RIGHT, DOWN, FIRE] = [0, 1, 2, 3, 4, 5];
const NAMES = ["noop", "left", "up", "right", "down", "fire"];
const SIDE = 10;

/** What is common to the five: sticky actions, fewer actions, worlds that have ended. */
function minatar(play) {
  return (game, state, chosen, draws) => {
    if (state.ended) return made(state, 0, true, false);
    const action = draws.repeat ? state.last_action : NAMES.indexOf(game.actions[chosen]);
    const [after, reward] = play(game, state, action, draws);
    return made({ ...after, last_action: action }, reward, after.ended, false);
  };
}

function walk(place, action, back, forth, low = 0, high = SIDE - 1) {
  return clamp(place + Number(action === forth) - Number(action === back), low, high);
}

const within = (place) => place >= 0 && place < SIDE;
const sum = (values) => values.reduce((total, value) => total + value, 0);

/** What is seen, 0 and 1 by row, column and channel; `draw` is given what marks a cell of a channel. */
function seen(depth, draw) {
  const found = new Uint8Array(SIDE * SIDE * depth);
  draw((channel, y, x) => {
    if (within(y) && within(x)) found[(y * SIDE + x) * depth + channel] = 1;
  });
  return found;
}

/** Mark the cells of a plane, whose first row is `above` rows below the top. */
function plant(mark, channel, plane, above = 0) {
  plane.forEach((value, place) => value && mark(channel, above + Math.floor(place / SIDE), place % SIDE));
}

// Breakout

function breakout(game, state, action) {
  const paddle = walk(state.paddle, action, LEFT, RIGHT), onward = state.ball_x + state.dx, y = state.ball_y + state.dy;
  const wall = !within(onward), x = clamp(onward, 0, SIDE - 1), ceiling = y < 0, place = (y - 1) * SIDE + x;
  const struck = y >= 1 && y <= 3 && state.bricks[place] === 1, broken = struck && !state.strike;
  let bricks = broken ? state.bricks.map((brick, i) => (i === place ? 0 : brick)) : state.bricks;
  const low = y === 9;
  if (low && !bricks.includes(1)) bricks = bricks.map(() => 1);
  const straight = low && state.ball_x === paddle, corner = low && !straight && x === paddle;
  const back = broken || straight || corner;
  const after = {
    ball_x: x,
    ball_y: back ? state.ball_y : Math.max(y, 0),
    last_x: state.ball_x,
    last_y: state.ball_y,
    dx: wall !== corner ? -state.dx : state.dx,
    dy: ceiling || back ? -state.dy : state.dy,
    paddle,
    bricks,
    strike: Number(struck),
    ended: Number(low && !straight && !corner),
  };
  return [after, Number(broken)];
}

function seeBreakout(game, state) {
  return seen(4, (mark) => {
    mark(0, 9, state.paddle);
    mark(1, state.ball_y, state.ball_x);
    mark(2, state.last_y, state.last_x);
    plant(mark, 3, state.bricks, 1);
  });
}

// Asterix

function asterix(game, state, action, draws) {
  const present = [...state.present], x = [...state.x], right = [...state.right], gold = [...state.gold];
  const coming = state.spawn_timer === 0, moving = state.move_timer === 0;
  const free = [...present.keys()].filter((lane) => !present[lane]);
  if (coming && free.length) {
    const lane = free[draws.turn % free.length];
    [present[lane], x[lane], right[lane], gold[lane]] = [1, draws.right ? 0 : 9, draws.right, draws.gold];
  }
  const player_x = walk(state.player_x, action, LEFT, RIGHT), player_y = walk(state.player_y, action, UP, DOWN, 1, 8);
  const own = player_y - 1;
  let taken = 0, hit = 0;
  const meet = () => {
    if (!present[own] || x[own] !== player_x) return;
    if (gold[own]) [taken, present[own]] = [taken + 1, 0];
    else hit = 1; // an enemy stays, and moves on
  };
  meet();
  if (moving) {
    for (const lane of present.keys()) {
      if (!present[lane]) continue;
      x[lane] += right[lane] ? 1 : -1;
      present[lane] = Number(within(x[lane]));
    }
    meet();
  }
  const ramps = game.ramping && (state.spawn_speed > 1 || state.move_speed > 1), rises = ramps && state.ramp_timer < 0;
  const after = {
    player_x,
    player_y,
    present,
    x,
    right,
    gold,
    spawn_speed: state.spawn_speed - Number(rises && state.spawn_speed > 1),
    spawn_timer: (coming ? state.spawn_speed : state.spawn_timer) - 1,
    move_speed: state.move_speed - Number(rises && state.move_speed > 1 && state.ramp_index % 2 === 1),
    move_timer: (moving ? state.move_speed : state.move_timer) - 1,
    ramp_timer: rises ? 100 : state.ramp_timer - Number(ramps),
    ramp_index: state.ramp_index + Number(rises),
    ended: hit,
  };
  return [after, taken];
}

function seeAsterix(game, state) {
  return seen(4, (mark) => {
    mark(0, state.player_y, state.player_x);
    state.present.forEach((there, lane) => {
      if (!there) return;
      mark(state.gold[lane] ? 3 : 1, lane + 1, state.x[lane]);
      mark(2, lane + 1, state.x[lane] + (state.right[lane] ? -1 : 1));
    });
  });
}

// Freeway

const COLUMN = 4, START = 9;

function freeway(game, state, action, draws) {
  const walks = (action === UP || action === DOWN) && state.move_timer === 0;
  let row = walks ? walk(state.row, action, UP, DOWN) : state.row;
  const won = row === 0, speed = won ? draws.speed : state.speed, timer = won ? speed.map(Math.abs) : state.timer;
  if (won) row = START;
  const drives = timer.map((steps) => steps === 0);
  const x = state.x.map((place, lane) => (drives[lane] ? (place + Math.sign(speed[lane]) + SIDE) % SIDE : place));
  const hit = x.some((place, lane) => row === lane + 1 && (place === COLUMN || state.x[lane] === COLUMN));
  const after = {
    row: hit ? START : row,
    move_timer: Math.max((walks ? 3 : state.move_timer) - 1, 0),
    x,
    timer: timer.map((steps, lane) => (drives[lane] ? Math.abs(speed[lane]) : steps - 1)),
    speed,
    terminate_timer: state.terminate_timer - 1,
    ended: Number(state.terminate_timer < 1),
  };
  return [after, Number(won)];
}

function seeFreeway(game, state) {
  return seen(7, (mark) => {
    mark(0, state.row, COLUMN);
    state.x.forEach((place, lane) => {
      mark(1, lane + 1, place);
      mark(1 + Math.abs(state.speed[lane]), lane + 1, (place - Math.sign(state.speed[lane]) + SIDE) % SIDE);
    });
  });
}

// Space Invaders

const CELLS = [...Array(SIDE * SIDE).keys()]; // places in a grid
const WAVE = CELLS.map((place) => Number(place < 40 && place % SIDE >= 2 && place % SIDE < 8));

function spaceInvaders(game, state, action) {
  const fires = action === FIRE && state.shot_timer === 0, cannon = walk(state.cannon, action, LEFT, RIGHT), stand = 90 + cannon;
  // A bullet begins in row 9 and moves in the same step: none is left there.
  const bullets = CELLS.map((place) => (place >= 90 ? 0 : place >= 80 ? Number(fires && place === stand - SIDE) : state.bullets[place + SIDE]));
  const alien_bullets = CELLS.map((place) => (place < SIDE ? 0 : state.alien_bullets[place - SIDE]));
  let { aliens } = state;
  let ended = alien_bullets[stand] || aliens[stand];
  const moves = state.move_timer === 0, wall = state.right ? 9 : 0;
  const edge = CELLS.some((place) => aliens[place] && place % SIDE === wall), turns = moves && edge;
  const move_timer = moves ? Math.min(sum(aliens), state.move_interval) : state.move_timer;
  if (turns) ended ||= Number(aliens.slice(90).includes(1));
  if (moves) {
    const from = (place) => (edge ? place + 90 : state.right ? place - (place % SIDE) + ((place + 9) % SIDE) : place - (place % SIDE) + ((place + 1) % SIDE));
    aliens = CELLS.map((place) => aliens[from(place) % 100]);
    ended ||= aliens[stand];
  }
  const alienFires = state.alien_shot_timer === 0, shooter = alienFires ? shooterOf(aliens, cannon) : -1;
  if (shooter >= 0) alien_bullets[shooter] = 1;
  const killed = aliens.map((alien, place) => alien & bullets[place]);
  aliens = aliens.map((alien, place) => alien & ~killed[place]);
  const cleared = !aliens.includes(1), rises = game.ramping && cleared && state.move_interval > 6;
  const after = {
    cannon,
    bullets: bullets.map((bullet, place) => bullet & ~killed[place]),
    alien_bullets,
    aliens: cleared ? WAVE : aliens,
    right: Number(Boolean(state.right) !== turns),
    move_interval: state.move_interval - Number(rises),
    move_timer: move_timer - 1,
    alien_shot_timer: (alienFires ? 10 : state.alien_shot_timer) - 1,
    shot_timer: Math.max((fires ? 5 : state.shot_timer) - 1, 0),
    ramp_index: state.ramp_index + Number(rises),
    ended: Number(ended),
  };
  return [after, sum(killed)];
}

/** Place of the lowest alien of the column nearest to the cannon, of two the left one; -1: there is none. */
function shooterOf(aliens, cannon) {
  let found = -1, least = Infinity;
  for (const place of CELLS) {
    const away = (place % SIDE) - cannon, rank = 2 * Math.abs(away) + Number(away > 0); // no two columns have the same
    if (aliens[place] && rank <= least) [found, least] = [place, rank]; // of a column the last is the lowest
  }
  return found;
}

function seeSpaceInvaders(game, state) {
  return seen(6, (mark) => {
    mark(0, 9, state.cannon);
    plant(mark, 1, state.aliens);
    plant(mark, state.right ? 3 : 2, state.aliens);
    plant(mark, 4, state.bullets);
    plant(mark, 5, state.alien_bullets);
  });
}

const MINATAR = {
  breakout: { advance: minatar(breakout), observe: seeBreakout },
  asterix: { advance: minatar(asterix), observe: seeAsterix },
  freeway: { advance: minatar(freeway), observe: seeFreeway },
  space_invaders: { advance: minatar(spaceInvaders), observe: seeSpaceInvaders },
};
