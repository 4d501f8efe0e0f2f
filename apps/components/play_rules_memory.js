// The rules of games/memory_games.py in the browser.

function chainFollow(game, state, action) {
  const due = state.steps === game.length, right = action === state.context[state.query];
  return [{ context: state.context, query: state.query }, due ? (right ? 1 : -1) : 0];
}

const chainEnded = (game, state) => [state.steps > game.length, false];

function mazeFollow(game, { north, position }, action) {
  const moved = clamp(position + Number(action === 1) - Number(action === 3), 0, game.length);
  const turned = position === game.length && (action === 0 || action === 2);
  const right = turned && Boolean(north) === (action === 0), stood = !turned && moved === position;
  return [{ north, position: moved, turned: Number(turned) }, right ? 4 : turned || stood ? -0.1 : 0];
}

const mazeEnded = (game, state) => timed(Boolean(state.turned), game, state);

const MEMORY = {
  memory_chain: { advance: chanceless(chainFollow, chainEnded) },
  t_maze: { advance: chanceless(mazeFollow, mazeEnded) },
};
