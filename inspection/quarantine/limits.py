"""The limits that a model file from outside must keep, and the error that says which one it broke."""

MOST_FILE = 256 * 2**20  # bytes of all members of the archive, unpacked
MOST_METADATA = 2**20  # bytes of metadata.json
MOST_CONFIG = 4 * 2**20  # bytes of config.json; that of NASNetMobile with 771 layers has 1.1 MiB
MOST_LAYERS = 1500  # entries of layers, those of nested models included; NASNetLarge has 1,041
MOST_CALLS = 5000  # uses of layers, where each use of a nested model uses all of its layers
MOST_ATTEMPTS = 20_000  # at the calls of a graph, which Keras repeats until the inputs of a call exist
MOST_DEPTH = 32  # of nested objects in the settings
MOST_NESTED = 8  # models within models
MOST_TENSORS = 64  # inputs or outputs of a model
MOST_NAME = 200  # characters of a name
MOST_TEXT = 200  # characters of a setting
MOST_NUMBER = 2**40  # of a setting that is a whole number, seeds excepted
MOST_SPECTRUM = 2**15  # of the settings that make the matrices of a spectrogram, which are no weights

MOST_WEIGHTS = 50_000_000
MOST_OUTPUTS = 20_000_000  # entries of one layer's output for one example, or of its attention scores
MOST_TOTAL = 250_000_000  # entries of all layers' outputs and attention scores for one example
MOST_WORK = 30_000_000_000  # products that are summed for one example; ResNet152 has 11,000,000,000
MOST_STEPS = 50_000  # steps of recurrent layers for one example, one after another
FREE = 64  # size that an axis of any size is weighed with

MOST_DATASETS = 20_000  # in the file of weights
MOST_GROUPS = 60_000


class QuarantineError(ValueError):
    """A file is no model that may be loaded here; the message says why in one sentence."""
