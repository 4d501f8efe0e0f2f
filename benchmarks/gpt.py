"""A GPT: a training step, and writing with and without its cache of keys and values."""

import dataclasses
import statistics

import keras
import numpy as np

from benchmarks.contenders import Take, looped, repeated, supervised
from benchmarks.table import Table, race, ratio
from data.text import TOKENIZER_FILE, BlockStream, TextSplit
from data.text_tokens import Characters
from models import gpt
from training.optimizers import Config
from training.writing import Drawing, Writer

TOKENS, BLOCK, BATCH = 69, 64, 12  # nanoGPT's setting for a laptop's processor
CONFIG = gpt.Config((BLOCK,), TOKENS, width=128, depth=4, heads=4, hidden=512)
STEPS = 40  # a round, in calls of ten
ROUNDS = 7
WRITTEN = 256  # tokens, behind one
WRITTEN_OVER = 5  # times


def run() -> Table:
    """Measure training and writing, in tokens a second."""
    text = np.random.default_rng(0).integers(4, TOKENS, 100_000).astype("uint16")
    contenders: dict[str, Take] = {
        "training, suite's loop": _loop(text, xla=False),
        "training, suite's loop with XLA": _loop(text, xla=True),
        "training, keras.Model.fit": _fit(text),
    }
    try:
        contenders["training, PyTorch, fused attention"] = _torch(text, compiled=False)
        contenders["training, the same, torch.compile"] = _torch(text, compiled=True)
    except ImportError:
        print("PyTorch is not installed and left out: make bench NAME=gpt TORCH=1")
    seconds = race(contenders, STEPS, ROUNDS)
    reference = min((seconds[name] for name in list(contenders)[:2]), key=statistics.median)
    rows: list[dict[str, object]] = [
        {
            "contender": name,
            "tokens a second": round(BATCH * BLOCK / statistics.median(times)),
            "time against the suite's": ratio(times, reference),
        }
        for name, times in seconds.items()
    ]
    rows += _writing()
    title = (
        f"GPT {CONFIG.depth} x {CONFIG.width}, {CONFIG.heads} heads, batch {BATCH} of {BLOCK}; median of "
        f"{ROUNDS} x {STEPS} steps"
    )
    return Table(title, rows)


def _model(config: gpt.Config | None = None) -> keras.Model:
    keras.utils.set_random_seed(0)
    return gpt.build(config or CONFIG)


def _loop(text: np.ndarray, xla: bool) -> Take:
    model = _model()
    stream = BlockStream(TextSplit(text, BLOCK), BATCH, seed=0)
    return looped(supervised(model, Config("adamw", 1e-3, weight_decay=0.1, clip_norm=1.0), xla), stream)


def _places(text: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Given tokens and those that follow them, `(count, BLOCK)` each."""
    places = np.random.default_rng(0).integers(0, len(text) - BLOCK, count)
    windows = text[places[:, None] + np.arange(BLOCK + 1)].astype("int32")
    return windows[:, :-1], windows[:, 1:]


def _fit(text: np.ndarray) -> Take:
    model = _model()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(
        keras.optimizers.AdamW(1e-3, weight_decay=0.1, global_clipnorm=1.0), loss, metrics=["accuracy"]
    )
    given, wanted = _places(text, STEPS * BATCH)

    def take(steps: int) -> None:
        model.fit(given[: steps * BATCH], wanted[: steps * BATCH], batch_size=BATCH, verbose=0)

    return take


def _torch_net():
    import torch
    from torch import nn
    from torch.nn import functional

    width, heads = CONFIG.width, CONFIG.heads

    class Block(nn.Module):
        """Pre-normalized, with fused attention."""

        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
            self.projections, self.output = nn.Linear(width, 3 * width), nn.Linear(width, width)
            self.hidden, self.narrow = nn.Linear(width, CONFIG.hidden), nn.Linear(CONFIG.hidden, width)

        def forward(self, x, past=None):
            b, t, _ = x.shape
            parts = self.projections(self.first(x)).split(width, dim=2)
            q, k, v = (part.view(b, t, heads, width // heads).transpose(1, 2) for part in parts)
            if past is not None:
                k, v = torch.cat([past[0], k], dim=2), torch.cat([past[1], v], dim=2)
            y = functional.scaled_dot_product_attention(q, k, v, is_causal=t > 1)
            x = x + self.output(y.transpose(1, 2).reshape(b, t, width))
            return x + self.narrow(functional.gelu(self.hidden(self.second(x)))), (k, v)

    class Net(nn.Module):
        """The same GPT, tied."""

        def __init__(self, context: int) -> None:
            super().__init__()
            self.tokens, self.positions = nn.Embedding(TOKENS, width), nn.Embedding(context, width)
            self.blocks = nn.ModuleList(Block() for _ in range(CONFIG.depth))
            self.norm = nn.LayerNorm(width)

        def forward(self, tokens, start: int = 0, past=None):
            x = self.tokens(tokens) + self.positions(torch.arange(start, start + tokens.shape[1]))
            kept = []
            for number, block in enumerate(self.blocks):
                x, states = block(x, past[number] if past else None)
                kept.append(states)
            return self.norm(x) @ self.tokens.weight.T, kept

    return Net


def _torch(text: np.ndarray, compiled: bool) -> Take:
    import torch
    from torch import nn

    torch.manual_seed(0)
    model = _torch_net()(BLOCK)
    forward = torch.compile(model) if compiled else model
    given, wanted = (torch.from_numpy(x).long() for x in _places(text, STEPS * BATCH))
    optimizer = torch.optim.AdamW(model.parameters(), 1e-3, weight_decay=0.1)

    def take(steps: int) -> None:
        total = torch.zeros(())
        for step in range(steps):
            rows = slice(step * BATCH, (step + 1) * BATCH)
            logits, _ = forward(given[rows])
            loss = nn.functional.cross_entropy(logits.reshape(-1, TOKENS), wanted[rows].reshape(-1))
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            total += loss.detach()
        total.item()

    return take


def _writing() -> list[dict[str, object]]:
    """Greedy writing of `WRITTEN` tokens behind one: in one compiled loop, anew for each, and by PyTorch."""
    context = WRITTEN + 1
    model = _model(dataclasses.replace(CONFIG, input_shape=(context,)))
    alphabet = "".join(chr(ord("0") + place) for place in range(TOKENS - 4))
    writer = Writer(model, {TOKENIZER_FILE: Characters(alphabet).to_json()}, context)
    given, draws = np.full((1, WRITTEN), -1, "int32"), np.zeros((1, WRITTEN), "float32")

    def cached() -> None:
        writer.continued(np.array([[5]], "int32"), given, draws, Drawing(temperature=0.0))

    def recomputed() -> None:
        tokens = [5]
        for _ in range(WRITTEN):
            tokens.append(int(writer.likely(tokens, most=1).tokens[0]))

    ours = "writing, cache, one compiled loop"
    contenders = {
        ours: repeated(cached),
        "writing, the whole text read anew for each token": repeated(recomputed),
    }
    try:
        import torch

        net = _torch_net()(context).eval()

        def torch_cached() -> None:
            token, past = torch.tensor([[5]]), None
            with torch.inference_mode():
                for place in range(WRITTEN):
                    logits, past = net(token, place, past)
                    token = logits[:, -1:].argmax(-1)

        contenders["writing, PyTorch with a cache"] = repeated(torch_cached)
    except ImportError:
        pass
    seconds = race(contenders, 1, WRITTEN_OVER)
    return [
        {
            "contender": name,
            "tokens a second": round(WRITTEN / statistics.median(times)),
            "time against the suite's": ratio(times, seconds[ours]),
        }
        for name, times in seconds.items()
    ]
