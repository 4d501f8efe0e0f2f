"""What is computed: one architecture a file, each a frozen `Config` and `build(config) -> keras.Model`.

Shapes are written with these letters everywhere in the suite:

    B batch    T time    S time of a source    U units    C channels    F features    K classes
    H, W height, width; H heads of an attention, D width of each
"""

from types import ModuleType

from models import cnn, encoder, gan, gpt, mlp, policy, rnn, seq2seq, sweep, transformer

ARCHITECTURES: dict[str, ModuleType] = {
    "mlp": mlp,
    "cnn": cnn,
    "sweep": sweep,
    "rnn": rnn,
    "seq2seq": seq2seq,
    "encoder": encoder,
    "transformer": transformer,
    "gpt": gpt,
    "gan": gan,
    "policy": policy,
}
