"""What is computed: one architecture a file, each a frozen `Config` and `build(config) -> keras.Model`.

Shapes are written with these letters everywhere in the suite:

    B batch    T time    H, W height, width    C channels    F features    K classes
"""

from types import ModuleType

from models import cnn, mlp, sweep

ARCHITECTURES: dict[str, ModuleType] = {
    "mlp": mlp,
    "cnn": cnn,
    "sweep": sweep,
}
