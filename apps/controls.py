"""The settings of each architecture that the tab Train offers on its pages."""

from apps.training_panel import Control


def cnn() -> tuple[Control, ...]:
    """Of a convolutional net, over pictures, clips or time."""
    from models import cnn, layers

    return (
        Control("model.filters", "Filters", "Maps of each stage, first to last"),
        Control("model.convolutions", "Convolutions", "In each stage, or one number for all"),
        Control("model.kernel_size", "Kernel size", "Edge of the kernels, in positions"),
        Control("model.pooling", "Pooling", "What ends each stage", cnn.POOLINGS),
        Control("model.dropout", "Dropout", "Share of the units that are dropped after each stage"),
        Control("model.activation", "Activation", "What bends the sums", layers.ACTIVATIONS),
        Control("model.normalization", "Normalization", "Between sum and activation", layers.NORMALIZATIONS),
        Control("model.head", "Head", "How the last maps become one vector", cnn.HEADS),
        Control("model.residual", "Residual", "Add each convolution's input to its output"),
    )


def mlp() -> tuple[Control, ...]:
    """Of a dense net."""
    from models import layers

    return (
        Control("model.widths", "Widths", "Units of each hidden layer, first to last"),
        Control("model.activation", "Activation", "What bends the sums", layers.ACTIVATIONS),
        Control("model.normalization", "Normalization", "Between sum and activation", layers.NORMALIZATIONS),
        Control("model.dropout", "Dropout", "Share of the units that are dropped after each layer"),
        Control("model.initializer", "Initialization", "Of the hidden layers' weights", layers.INITIALIZERS),
    )


def seq2seq() -> tuple[Control, ...]:
    """Of a recurrent encoder and its decoder."""
    from models import recurrent, seq2seq

    return (
        Control(
            "model.attention", "Attention", "How the writer looks back, if it may at all", seq2seq.ATTENTIONS
        ),
        Control("model.cell", "Cell", "What is computed at each step", tuple(recurrent.CELLS)),
        Control("model.units", "Units", "Width of each layer's state, of encoder and decoder"),
        Control("model.depth", "Depth", "Layers of the encoder, and as many of the decoder"),
        Control(
            "model.bidirectional", "Both ways", "The encoder reads from both ends, each with half the units"
        ),
        Control("model.embedding", "Embedding", "Width of a token's vector"),
        Control("model.dropout", "Dropout", "Share that is dropped of embeddings and between layers"),
        Control("data.vocabulary", "Vocabulary", "Most pieces of words of either language"),
    )


def gpt() -> tuple[Control, ...]:
    """Of a GPT."""
    from models import attention

    return (
        Control("model.width", "Width", "Of each token's vector between blocks; divisible by the heads"),
        Control("model.depth", "Depth", "Blocks, each an attention and two dense layers"),
        Control("model.heads", "Heads", "Of each attention"),
        Control("model.hidden", "Hidden", "Width inside a block's two dense layers"),
        Control("model.positions", "Positions", "How a token's place is told", attention.POSITIONS),
        Control("model.normalization", "Normalization", "Where a block has it", attention.NORMALIZATIONS),
        Control("model.tied", "Tied", "Take the embedding for the logits' kernel, too"),
        Control("model.dropout", "Dropout", "Share of the entries that are dropped"),
        Control("data.block", "Context", "Most tokens that are read at once"),
        Control("data.vocabulary", "Vocabulary", "Most pieces of words; 0 reads character by character"),
    )


def transformer() -> tuple[Control, ...]:
    """Of a Transformer, or of its encoder alone."""
    from models import attention

    return (
        Control("model.width", "Width", "Of each token's vector between blocks; divisible by the heads"),
        Control(
            "model.depth", "Depth", "Blocks, each of attention and two dense layers; of a decoder as many"
        ),
        Control("model.heads", "Heads", "Of each attention"),
        Control("model.hidden", "Hidden", "Width inside a block's two dense layers"),
        Control("model.positions", "Positions", "How a token's place is told", attention.POSITIONS),
        Control("model.normalization", "Normalization", "Where a block has it", attention.NORMALIZATIONS),
        Control("model.dropout", "Dropout", "Share of the entries that are dropped"),
        Control("data.vocabulary", "Vocabulary", "Most pieces of words of a language"),
    )


def gan() -> tuple[Control, ...]:
    """Of two players."""
    from data import points
    from training import adversarial

    return (
        Control("data.kind", "Points", "What they are drawn by", points.KINDS),
        Control("data.classes", "Classes", "Of blobs and spirals, 2 to 10"),
        Control("data.noise", "Scatter", "Standard deviation of what is added to each coordinate, 0 to 1"),
        Control("duel.loss", "Loss", "What the players play for", adversarial.LOSSES),
        Control("duel.discriminator_steps", "Turns", "Of the discriminator for each of the generator"),
        Control("duel.penalty", "Penalty", "Of gradients that are not 1; Wasserstein's wants 10"),
        Control("discriminator.learning_rate", "Its rate", "The discriminator's learning rate"),
        Control("model.latent", "Noise", "Entries of the vector that a picture or a point grows from"),
        Control(
            "model.filters",
            "Filters",
            "Channels of the generator's grids, smallest grid first; of points the units of its layers",
        ),
        Control("model.conditional", "Told the class", "Both players, so that a class can be asked for"),
        Control("model.dropout", "Dropout", "Share of the discriminator's units that are dropped"),
    )


def agent() -> tuple[Control, ...]:
    """Of an agent: its policy, its game and how it learns."""
    from models import layers, policy, recurrent

    return (
        Control("model.torso", "Torso", "What looks at the observation", tuple(policy.TORSOS)),
        Control("model.widths", "Widths", "Units of its dense layers, first to last"),
        Control("model.filters", "Filters", "Maps of its convolutions, of the torso cnn"),
        Control("model.stride", "Stride", "Steps of its kernels over the picture, of the torso cnn"),
        Control("model.cell", "Cell", "Of the torso rnn, which remembers", tuple(recurrent.CELLS)),
        Control("model.units", "Units", "Width of each layer's state, of the torso rnn"),
        Control("model.memory", "Memory", "Steps that gates remember for at first; 0: Keras' own, some 3"),
        Control("model.window", "Window", "Moments that the torso encoder looks at, the present among them"),
        Control("model.activation", "Activation", "What bends the sums", layers.ACTIVATIONS),
        Control("model.shared", "Shared", "One torso for choice and value, not one for each"),
        Control("data.sticky", "Sticky", "Share of the steps in which the game repeats the action before"),
        Control("agent.worlds", "Worlds", "Games that are played at once"),
        Control("agent.horizon", "Horizon", "Steps of each world between two updates"),
        Control("agent.discount", "Discount", "Worth of a reward a step later"),
        Control("agent.trace", "Trace", "How far ahead an action is judged by what came: λ"),
        Control("agent.clip", "Clip", "How far the policy may move in an update"),
        Control("agent.entropy_weight", "Entropy", "Worth of not being sure, which keeps it trying"),
    )


def rnn() -> tuple[Control, ...]:
    """Of a recurrent net."""
    from models import recurrent

    return (
        Control("model.cell", "Cell", "What is computed at each step", tuple(recurrent.CELLS)),
        Control("model.units", "Units", "Width of each layer's state, first to last"),
        Control("model.bidirectional", "Both ways", "Read from both ends, each with half of the units"),
        Control("model.embedding", "Embedding", "Width of a token's vector, where the input is tokens"),
        Control("model.dropout", "Dropout", "Share that is dropped before each layer but the first"),
        Control("model.memory", "Memory", "Steps that gates remember for at first; 0: Keras' own, some 3"),
    )
