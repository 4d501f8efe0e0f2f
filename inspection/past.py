"""Which of the moments before an agent looks at, where its torso is attention over a window of the past."""

from collections.abc import Mapping, Sequence

import keras
import numpy as np

from inspection import heads
from inspection.graph import InspectionError


def looks_back(
    model: keras.Model, observations: np.ndarray, memory: Sequence[np.ndarray]
) -> Mapping[str, np.ndarray]:
    """What each head looks at as the agent acts.

    Args:
        model: An agent, see `models.policy`.
        observations: `(B, ...)`.
        memory: What it remembers at each; of the torso "encoder" the observations before, `(B, W - 1, F)`.

    Returns: By the name of each attention, as `inspection.heads.attentions` has them, the shares of W
        moments, from the oldest to the present one, `(B, H, W)`. They sum to 1; moments before the game's
        first have none. Nothing of an agent that looks back in no such way.

    Raises:
        InspectionError: The model has no graph of layers, or what is given does not fit it.
    """
    if len(model.inputs) != 1 + len(memory):
        raise InspectionError(
            f"the agent takes {len(model.inputs)} inputs, what it sees and what it remembers. "
            f"Received: {1 + len(memory)}"
        )
    if not heads.attentions(model):
        return {}
    found: dict[str, list[np.ndarray]] = {}
    for start in range(0, len(observations), heads.BATCH):
        part = slice(start, start + heads.BATCH)
        looked = heads.look(model, [given[part] for given in (observations, *memory)])
        for name, weights in looked.weights.items():
            found.setdefault(name, []).append(weights[:, :, -1])  # the present moment asks
    return {name: np.concatenate(parts) for name, parts in found.items()}
