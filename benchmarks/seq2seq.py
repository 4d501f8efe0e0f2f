"""An encoder and decoder with attention: a training step, and translating a thousand sentences."""

import statistics

import keras
import numpy as np
import tensorflow as tf

from benchmarks.contenders import Take, looped, repeated, supervised
from benchmarks.table import Table, race, ratio
from data.sequences import END, START, BucketStream, Ragged, SequenceSplit
from data.tokens import Tokenizer
from data.translation import SOURCE_FILE, TARGET_FILE
from models import seq2seq
from training.optimizers import Config
from training.translation import WRITTEN, Translator

TOKENS, LENGTH, BATCH = 5000, 16, 64  # of each language; of each sentence, its END included
CONFIG = seq2seq.Config(TOKENS, TOKENS, embedding=192, units=384, dropout=0.0)
STEPS = 40  # a round, in calls of ten
ROUNDS = 7
SENTENCES = 1000  # decoded as one
ALONE = 15  # decoded one by one, which is enough to tell how long one takes
DECODED = 3  # times over


def run() -> Table:
    """Measure training, in target tokens a second, and greedy decoding, in sentences a second."""
    sources = np.random.default_rng(0).integers(4, TOKENS, (STEPS * BATCH, LENGTH))
    targets = np.random.default_rng(1).integers(4, TOKENS, (STEPS * BATCH, LENGTH))
    sources[:, -1] = targets[:, -1] = END
    contenders: dict[str, Take] = {
        "training, suite's loop": _loop(sources, targets),
        "training, keras.Model.fit": _fit(sources, targets),
    }
    try:
        contenders["training, PyTorch nn.LSTM"] = _torch(sources, targets)
    except ImportError:
        print("PyTorch is not installed and left out: make bench NAME=seq2seq TORCH=1")
    seconds = race(contenders, STEPS, ROUNDS)
    reference = seconds["training, suite's loop"]
    rows: list[dict[str, object]] = [
        {
            "contender": name,
            "a second": f"{BATCH * LENGTH / statistics.median(times):.0f} target tokens",
            "time against the suite's": ratio(times, reference),
        }
        for name, times in seconds.items()
    ]
    rows += _decoding(sources)
    title = (
        f"encoder and decoder LSTM {CONFIG.units}, attention, {TOKENS} tokens, batch {BATCH} of {LENGTH}; "
        f"median of {ROUNDS} x {STEPS} steps"
    )
    return Table(title, rows)


def _model() -> keras.Model:
    keras.utils.set_random_seed(0)
    return seq2seq.build(CONFIG)


def _loop(sources: np.ndarray, targets: np.ndarray) -> Take:
    model = _model()
    split = SequenceSplit(
        Ragged.of(list(sources)), Ragged.of([[START, *row] for row in targets.tolist()]), ahead=True
    )
    objective = supervised(model, Config("adam", 1e-3, clip_norm=1.0))
    return looped(objective, BucketStream(split, BATCH, seed=0))


def _fit(sources: np.ndarray, targets: np.ndarray) -> Take:
    model = _model()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    # XLA, which `fit` takes by itself, compiles no loop of a recurrent layer in a bearable time on a CPU.
    optimizer = keras.optimizers.Adam(1e-3, global_clipnorm=1.0)
    model.compile(optimizer, loss, metrics=["accuracy"], jit_compile=False)
    given = np.pad(targets[:, :-1], ((0, 0), (1, 0)), constant_values=START)

    def take(steps: int) -> None:
        rows = slice(steps * BATCH)
        model.fit([sources[rows], given[rows]], targets[rows], batch_size=BATCH, verbose=0)

    return take


def _torch(sources: np.ndarray, targets: np.ndarray) -> Take:
    import torch
    from torch import nn

    torch.manual_seed(0)
    width, units = CONFIG.embedding, CONFIG.units

    class Net(nn.Module):
        """The same net: both directions read, the last states are handed over, Luong's attention, tied."""

        def __init__(self) -> None:
            super().__init__()
            self.source = nn.Embedding(TOKENS, width)
            self.target = nn.Embedding(TOKENS, width)
            self.encoder = nn.LSTM(width, units // 2, batch_first=True, bidirectional=True)
            self.decoder = nn.LSTM(width, units, batch_first=True)
            self.key = nn.Linear(units, units, bias=False)
            self.readout = nn.Linear(2 * units, width)

        def forward(self, source, given):
            values, (h, c) = self.encoder(self.source(source))
            h, c = (torch.cat([state[0], state[1]], dim=1)[None] for state in (h, c))
            y, _ = self.decoder(self.target(given), (h, c))
            scores = y @ self.key(values).transpose(1, 2)
            scores = scores.masked_fill((source == 0)[:, None], -1e9)
            context = scores.softmax(dim=-1) @ values
            y = torch.tanh(self.readout(torch.cat([y, context], dim=-1)))
            return y @ self.target.weight.T

    model = Net()
    given = torch.from_numpy(np.pad(targets[:, :-1], ((0, 0), (1, 0)), constant_values=START))
    read, wanted = torch.from_numpy(sources), torch.from_numpy(targets)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    generator = torch.Generator().manual_seed(0)

    def take(steps: int) -> None:
        total = torch.zeros(())
        for _ in range(steps):
            rows = torch.randint(len(read), (BATCH,), generator=generator)
            logits = model(read[rows], given[rows])
            loss = nn.functional.cross_entropy(logits.reshape(-1, TOKENS), wanted[rows].reshape(-1))
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            total += loss.detach()
        total.item()

    return take


def _decoding(sources: np.ndarray) -> list[dict[str, object]]:
    """The compiled loop over a thousand sentences, and a Python loop that calls the model once a token."""
    model = _model()
    tokenizer = Tokenizer.train(["a b"], 300).to_json()  # of no matter: numbers go in
    translator = Translator(model, {SOURCE_FILE: tokenizer, TARGET_FILE: tokenizer})
    rows = sources[:SENTENCES].tolist()
    encode, step = seq2seq.encode_graph(model), seq2seq.step_graph(model)
    most = WRITTEN[0] * LENGTH + WRITTEN[1]

    def compiled() -> None:
        translator.decode(rows)

    def alone() -> None:
        for row in rows[:ALONE]:
            carried = keras.tree.map_structure(tf.identity, encode(tf.constant([row])))
            token = tf.constant([START])
            for _ in range(most):
                after = step({"token": token, **carried}, training=False)
                carried = {**carried, "states": after["states"]}
                token = tf.argmax(after["logits"], axis=-1, output_type=tf.int32)
                if int(token[0]) == END:
                    break

    ours = f"decoding {len(rows)} sentences, one compiled loop"
    counts = {ours: len(rows), "the same, a Python loop that calls the model once a token": ALONE}
    calls = dict(zip(counts, map(repeated, (compiled, alone)), strict=True))
    taken = race(calls, 1, DECODED)
    seconds = {name: [time / counts[name] for time in times] for name, times in taken.items()}
    return [
        {
            "contender": name,
            "a second": f"{1 / statistics.median(times):.1f} sentences",
            "time against the suite's": ratio(times, seconds[ours]),
        }
        for name, times in seconds.items()
    ]
