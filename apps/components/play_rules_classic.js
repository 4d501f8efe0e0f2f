// The rules of games/classic.py in the browser. States are float32 there: what comes of a step is rounded to it.

const F = Math.fround;
const clamp = (value, low, high) => Math.max(low, Math.min(high, value));

/** A game that chance decides at its beginning alone, as games/chanceless.py has it. */
function chanceless(follow, ended) {
  return (game, state, action) => {
    if (ended(game, state).some(Boolean)) return made(state, 0, ...ended(game, state));
    const [after, reward] = follow(game, state, action);
    after.steps = state.steps + 1;
    return made(after, F(reward), ...ended(game, after));
  };
}

/** What a step brings; whether it is over and whether time ran out are 0 or 1, as all that is true or false here. */
function made(state, reward, terminated, truncated) {
  return { state, reward, terminated: Number(terminated), truncated: Number(truncated) };
}

function timed(over, game, state) {
  return [over, !over && state.steps >= game.limit];
}

function cartpoleFollow(game, { x, x_dot, theta, theta_dot }, action) {
  const gravity = 9.8, pole = 0.1, total = 1.1, half = 0.5, seconds = 0.02, force = action === 1 ? 10 : -10;
  const cos = Math.cos(theta), sin = Math.sin(theta), push = (force + pole * half * theta_dot ** 2 * sin) / total;
  const theta_acc = (gravity * sin - cos * push) / (half * (4 / 3 - (pole * cos ** 2) / total));
  const x_acc = push - (pole * half * theta_acc * cos) / total;
  const after = {
    x: F(x + seconds * x_dot),
    x_dot: F(x_dot + seconds * x_acc),
    theta: F(theta + seconds * theta_dot),
    theta_dot: F(theta_dot + seconds * theta_acc),
  };
  return [after, 1];
}

function cartpoleEnded(game, state) {
  return timed(Math.abs(state.x) > F(2.4) || Math.abs(state.theta) > F((12 * Math.PI) / 180), game, state);
}

function acceleration([theta1, theta2, dtheta1, dtheta2], torque) {
  const gravity = 9.8, center = 0.5, cos2 = Math.cos(theta2), sin2 = Math.sin(theta2);
  const d1 = center ** 2 + (1 + center ** 2 + 2 * center * cos2) + 2, d2 = center ** 2 + center * cos2 + 1;
  const phi2 = center * gravity * Math.sin(theta1 + theta2);
  const phi1 = -center * dtheta2 ** 2 * sin2 - 2 * center * dtheta2 * dtheta1 * sin2 + (center + 1) * gravity * Math.sin(theta1) + phi2;
  const second = (torque + (d2 / d1) * phi1 - center * dtheta1 ** 2 * sin2 - phi2) / (center ** 2 + 1 - d2 ** 2 / d1);
  return [dtheta1, dtheta2, -(d2 * second + phi1) / d1, second];
}

/** The same angle in [-pi, pi]. */
function wrapped(angle) {
  const turn = 2 * Math.PI;
  return angle - turn * (Math.max(0, Math.ceil((angle - Math.PI) / turn)) - Math.max(0, Math.ceil((-angle - Math.PI) / turn)));
}

function acrobotFollow(game, state, action) {
  const seconds = 0.2, torque = action - 1, y = [state.theta1, state.theta2, state.dtheta1, state.dtheta2];
  const moved = (by, share) => y.map((value, i) => value + share * by[i]);
  const k1 = acceleration(y, torque), k2 = acceleration(moved(k1, seconds / 2), torque);
  const k3 = acceleration(moved(k2, seconds / 2), torque), k4 = acceleration(moved(k3, seconds), torque);
  const [theta1, theta2, dtheta1, dtheta2] = y.map((value, i) => value + (seconds / 6) * (k1[i] + 2 * k2[i] + 2 * k3[i] + k4[i]));
  const after = {
    theta1: F(wrapped(theta1)),
    theta2: F(wrapped(theta2)),
    dtheta1: F(clamp(dtheta1, -4 * Math.PI, 4 * Math.PI)),
    dtheta2: F(clamp(dtheta2, -9 * Math.PI, 9 * Math.PI)),
  };
  return [after, high(after) ? 0 : -1];
}

const high = ({ theta1, theta2 }) => -Math.cos(theta1) - Math.cos(theta1 + theta2) > 1;

function carFollow(game, state, action) {
  const push = 0.001 * (action - 1), pull = 0.0025 * Math.cos(3 * state.position);
  const velocity = F(clamp(state.velocity + (push - pull), F(-0.07), F(0.07)));
  const position = F(clamp(state.position + velocity, F(-1.2), F(0.6)));
  return [{ position, velocity: position <= F(-1.2) && velocity < 0 ? 0 : velocity }, -1];
}

const CLASSIC = { // by the scene that draws it
  cartpole: { advance: chanceless(cartpoleFollow, cartpoleEnded) },
  acrobot: { advance: chanceless(acrobotFollow, (game, state) => timed(high(state), game, state)) },
  mountain_car: { advance: chanceless(carFollow, (game, state) => timed(state.position >= 0.5 && state.velocity >= 0, game, state)) },
};
