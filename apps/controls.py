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
