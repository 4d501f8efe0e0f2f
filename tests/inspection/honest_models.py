"""Small models of every kind that people save, by name: what a reader of files from outside must let in."""

from collections.abc import Callable

import keras
from keras import ops

L = keras.layers
MODELS: dict[str, Callable[[], keras.Model]] = {}


def kind(make: Callable[[], keras.Model]) -> Callable[[], keras.Model]:
    MODELS[make.__name__] = make
    return make


def chain(shape, *layers, dtype="float32", batch_size=None) -> keras.Model:
    return keras.Sequential([keras.Input(shape, batch_size=batch_size, dtype=dtype), *layers])


def compiled(model: keras.Model, optimizer="adam", loss="mse", **settings) -> keras.Model:
    """Compiled, and trained for a step, so that the optimizer has its variables."""
    model.compile(optimizer, loss, **settings)
    blank = [ops.zeros([size or 2 for size in tensor.shape], tensor.dtype) for tensor in model.inputs]
    inputs = blank[0] if len(blank) == 1 else blank
    model.train_on_batch(inputs, model(inputs))
    return model


# Compiled


@kind
def lstm_compiled():
    return compiled(chain((10, 1), L.LSTM(4), L.Dense(1)), metrics=["mae"])


@kind
def classifier_compiled():
    net = chain((6,), L.Dense(8, activation="relu"), L.Dropout(0.3), L.Dense(3, activation="softmax"))
    return compiled(
        net, keras.optimizers.SGD(0.1, momentum=0.9), "categorical_crossentropy", metrics=["accuracy"]
    )


@kind
def compiled_with_schedule():
    schedule = keras.optimizers.schedules.CosineDecay(0.1, 100)
    return compiled(chain((4,), L.Dense(2)), keras.optimizers.AdamW(schedule, weight_decay=1e-3), "huber")


@kind
def compiled_with_several_losses():
    x = keras.Input((4,))
    net = keras.Model(x, {"a": L.Dense(1, name="a")(x), "b": L.Dense(2, name="b")(x)})
    return compiled(net, "rmsprop", {"a": "mse", "b": "mae"}, loss_weights={"a": 0.5, "b": 1.0})


# Recurrence


@kind
def lstm_stateful():
    return chain((5, 2), L.LSTM(3, stateful=True), L.Dense(1), batch_size=4)


@kind
def gru_stateful_compiled():
    return compiled(chain((5, 2), L.GRU(3, stateful=True, return_sequences=True), L.Dense(1), batch_size=4))


@kind
def lstm_unrolled():
    return chain((6, 2), L.LSTM(3, unroll=True), L.Dense(1))


@kind
def rnn_with_dropout():
    return chain((None, 2), L.LSTM(4, dropout=0.2, recurrent_dropout=0.1, return_sequences=True), L.GRU(3))


@kind
def simple_rnn_backwards():
    return chain((7, 2), L.SimpleRNN(4, go_backwards=True, activation="relu"), L.Dense(1))


@kind
def bidirectional():
    return chain(
        (7, 2), L.Bidirectional(L.LSTM(3, return_sequences=True)), L.Bidirectional(L.GRU(2)), L.Dense(1)
    )


@kind
def bidirectional_of_two():
    return chain(
        (7, 2), L.Bidirectional(L.LSTM(3), backward_layer=L.GRU(3, go_backwards=True), merge_mode="sum")
    )


@kind
def stacked_cells():
    return chain((7, 2), L.RNN([L.LSTMCell(3), L.GRUCell(4), L.SimpleRNNCell(2)]), L.Dense(1))


@kind
def rnn_of_a_cell():
    return chain((7, 2), L.RNN(L.GRUCell(3, reset_after=False), return_sequences=True), L.Dense(1))


@kind
def encoder_decoder_states():
    x, y = keras.Input((None, 3)), keras.Input((None, 2))
    _, h, c = L.LSTM(4, return_state=True)(x)
    decoded = L.LSTM(4, return_sequences=True)(y, initial_state=[h, c])
    return keras.Model([x, y], L.Dense(2)(decoded))


@kind
def conv_lstm():
    return chain(
        (3, 6, 6, 1), L.ConvLSTM2D(2, 3, return_sequences=True), L.ConvLSTM2D(2, 3), L.Flatten(), L.Dense(1)
    )


@kind
def conv_lstm_1d():
    return chain((3, 6, 1), L.ConvLSTM1D(2, 3, padding="same"))


@kind
def decoder_unrolled_by_hand():
    """One cell called at each step, as courses on attention write it."""
    x = keras.Input((6, 3))
    scores, softmax, dot, cell = L.Dense(1), L.Softmax(axis=1), L.Dot(axes=1), L.LSTM(4, return_state=True)
    outputs = []
    encoded = L.Bidirectional(L.LSTM(3, return_sequences=True))(x)
    state = memory = L.Dense(4)(L.Flatten()(x))
    for _ in range(4):
        repeated = L.RepeatVector(6)(state)
        shares = softmax(scores(L.Concatenate()([encoded, repeated])))
        state, _, memory = cell(dot([shares, encoded]), initial_state=[state, memory])
        outputs.append(L.Dense(2, activation="softmax")(state))
    return keras.Model(x, outputs)


# Words


@kind
def embedding_masked():
    return chain((None,), L.Embedding(20, 8, mask_zero=True), L.LSTM(4), L.Dense(1), dtype="int32")


@kind
def masking():
    return chain((8, 2), L.Masking(-1.0), L.GRU(3), L.Dense(1))


@kind
def masked_nested():
    inner = chain((None, 8), L.LSTM(4))
    return chain((None,), L.Embedding(20, 8, mask_zero=True), inner, L.Dense(1), dtype="int32")


@kind
def time_distributed():
    return chain((5, 8, 8, 1), L.TimeDistributed(L.Conv2D(2, 3)), L.TimeDistributed(L.Flatten()), L.LSTM(3))


@kind
def time_distributed_model():
    inner = chain((8, 8, 1), L.Conv2D(2, 3), L.BatchNormalization(), L.GlobalAveragePooling2D(), L.Dense(4))
    return chain((5, 8, 8, 1), L.TimeDistributed(inner), L.GRU(3), L.Dense(1))


@kind
def positions_in_the_graph():
    tokens = keras.Input((None,), dtype="int32")
    places = ops.cumsum(ops.ones_like(tokens), axis=-1) - 1
    x = L.Embedding(20, 8)(tokens) + L.Embedding(32, 8)(places)
    return keras.Model(tokens, L.Dense(20)(L.LayerNormalization()(x)))


# Attention


@kind
def transformer_block():
    x = keras.Input((10, 8))
    seen = L.MultiHeadAttention(2, 4, dropout=0.1)(x, x, use_causal_mask=True)
    x1 = L.LayerNormalization(epsilon=1e-6)(x + seen)
    dense = L.Dense(8)(L.Dropout(0.1)(L.Dense(16, activation="gelu")(x1)))
    return keras.Model(x, L.Dense(2)(L.GlobalAveragePooling1D()(L.Add()([x1, dense]))))


@kind
def grouped_query_attention():
    x = keras.Input((10, 8))
    return keras.Model(x, L.GroupQueryAttention(4, 4, 2)(x, x))


@kind
def cross_attention_masked():
    a, b = keras.Input((None,), dtype="int32"), keras.Input((None,), dtype="int32")
    words = L.Embedding(20, 8, mask_zero=True)
    x, y = words(a), words(b)
    return keras.Model([a, b], L.Dense(20)(L.MultiHeadAttention(2, 4)(y, x)))


@kind
def attention_luong():
    x = keras.Input((6, 4))
    return keras.Model(x, L.Attention(use_scale=True)([x, x]))


@kind
def attention_bahdanau():
    x = keras.Input((6, 4))
    context, scores = L.AdditiveAttention()([x, x], return_attention_scores=True)
    return keras.Model(x, [context, scores])


@kind
def attention_written_out():
    x = keras.Input((6, 8))
    q, k, v = (L.EinsumDense("btc,chd->bthd", (None, 2, 4))(x) for _ in range(3))
    scores = ops.einsum("bthd,bshd->bhts", q, k) / 2.0
    scores = ops.where(ops.equal(scores, 0.0), float("-inf"), scores)
    seen = ops.einsum("bhts,bshd->bthd", ops.softmax(scores), v)
    return keras.Model(x, L.EinsumDense("bthd,hdc->btc", (None, 8), bias_axes="c")(seen))


@kind
def dot_product_attention():
    x = keras.Input((6, 2, 4))
    return keras.Model(x, ops.dot_product_attention(x, x, x))


@kind
def matmul_attention():
    x = keras.Input((6, 8))
    scores = L.Softmax()(ops.matmul(L.Dense(4)(x), ops.transpose(L.Dense(4)(x), (0, 2, 1))) * 0.5)
    return keras.Model(x, ops.matmul(scores, x))


# Images


@kind
def convolutions_1d():
    return chain(
        (32, 2), L.Conv1D(4, 5, dilation_rate=2, padding="causal"), L.SeparableConv1D(4, 3), L.DepthwiseConv1D(3),
        L.MaxPooling1D(), L.Conv1DTranspose(3, 4, strides=2), L.SpatialDropout1D(0.2), L.AveragePooling1D(2), L.GlobalMaxPooling1D(),
    )  # fmt: skip


@kind
def convolutions_2d():
    return chain(
        (16, 16, 3), L.Conv2D(4, 3, groups=1), L.SeparableConv2D(4, 3), L.DepthwiseConv2D(3, depth_multiplier=2),
        L.Conv2D(8, 3, strides=2, padding="same", groups=2), L.UpSampling2D(2, interpolation="bilinear"), L.Conv2DTranspose(2, 3, strides=2),
        L.ZeroPadding2D(1), L.Cropping2D(1), L.AveragePooling2D(2), L.SpatialDropout2D(0.1), L.GlobalMaxPooling2D(), L.Dense(2),
    )  # fmt: skip


@kind
def convolutions_3d():
    return chain(
        (8, 8, 8, 1), L.Conv3D(2, 3), L.MaxPooling3D(), L.Conv3DTranspose(2, 2), L.UpSampling3D(2),
        L.Cropping3D(1), L.ZeroPadding3D(1), L.AveragePooling3D(2), L.GlobalAveragePooling3D(),
    )  # fmt: skip


@kind
def fully_convolutional():
    return chain(
        (None, None, 3),
        L.Conv2D(4, 3, padding="same"),
        L.ReLU(6.0),
        L.MaxPooling2D(),
        L.GlobalAveragePooling2D(),
    )


@kind
def unet():
    x = keras.Input((16, 16, 1))
    a = L.Conv2D(4, 3, padding="same", activation="relu")(x)
    b = L.Conv2D(8, 3, padding="same", activation="relu")(L.MaxPooling2D()(a))
    c = L.Concatenate()([a, L.Conv2DTranspose(4, 2, strides=2)(b)])
    return keras.Model(x, L.Conv2D(1, 1, activation="sigmoid")(c))


@kind
def residual():
    x = keras.Input((8, 8, 4))
    y = L.Activation("relu")(L.BatchNormalization()(L.Conv2D(4, 3, padding="same", use_bias=False)(x)))
    return compiled(keras.Model(x, L.Dense(3)(L.Flatten()(L.add([x, y])))))


@kind
def augmentation():
    return chain(
        (16, 16, 3), L.Rescaling(1 / 255), L.RandomFlip("horizontal"), L.RandomRotation(0.1), L.RandomZoom(0.1),
        L.RandomTranslation(0.1, 0.1), L.RandomContrast(0.1), L.RandomBrightness(0.1, value_range=(0, 1)), L.GaussianNoise(0.1),
        L.Resizing(12, 12), L.CenterCrop(8, 8), L.Conv2D(2, 3), L.Flatten(), L.Dense(2),
    )  # fmt: skip


@kind
def augmentation_more():
    return chain(
        (16, 16, 3), L.RandomHue(0.1, (0, 1)), L.RandomSaturation(0.5, (0, 1)), L.RandomCrop(12, 12),
        L.RandomErasing(), L.RandomSharpness(0.5, (0, 1)), L.RandomColorJitter((0, 1), 0.1), L.RandomGaussianBlur(), L.Flatten(), L.Dense(2),
    )  # fmt: skip


@kind
def augmentation_nested_compiled():
    augment = keras.Sequential(
        [L.RandomFlip("horizontal", seed=1), L.RandomRotation(0.1, seed=2)], name="augment"
    )
    return compiled(chain((16, 16, 3), augment, L.Conv2D(2, 3), L.Flatten(), L.Dense(2)))


@kind
def mobilenet():
    return keras.applications.MobileNetV2((32, 32, 3), alpha=0.35, weights=None, classes=4)


@kind
def efficientnet():
    return keras.applications.EfficientNetB0(input_shape=(32, 32, 3), weights=None, classes=4)


@kind
def densenet():
    return keras.applications.DenseNet121(input_shape=(32, 32, 3), weights=None, classes=4)


@kind
def transfer_learning():
    base = keras.applications.MobileNet((32, 32, 3), alpha=0.25, include_top=False, weights=None)
    base.trainable = False
    x = keras.Input((32, 32, 3))
    return keras.Model(x, L.Dense(2)(L.GlobalAveragePooling2D()(base(x, training=False))))


@kind
def resnet():
    return keras.applications.ResNet50V2(input_shape=(32, 32, 3), weights=None, classes=4)


@kind
def convnext():
    return keras.applications.ConvNeXtTiny(input_shape=(32, 32, 3), weights=None, classes=4)


# Normalization, regularization


@kind
def normalization_adapted():
    scale = L.Normalization()
    scale.adapt(ops.convert_to_numpy([[1.0, 5.0], [3.0, 9.0], [4.0, -1.0]]))
    return chain((2,), scale, L.Dense(1))


@kind
def normalization_given():
    return chain((2,), L.Normalization(mean=[1.0, 2.0], variance=[4.0, 9.0]), L.Dense(1))


@kind
def normalizations():
    return chain(
        (6, 8), L.LayerNormalization(), L.GroupNormalization(2), L.RMSNormalization(), L.UnitNormalization(),
        L.BatchNormalization(), L.Dense(1),
    )  # fmt: skip


@kind
def spectral_normalization():
    return chain(
        (8, 8, 1), L.SpectralNormalization(L.Conv2D(3, 3)), L.Flatten(), L.SpectralNormalization(L.Dense(1))
    )


@kind
def regularized():
    dense = L.Dense(
        4, kernel_regularizer=keras.regularizers.L1L2(1e-3, 1e-3), bias_regularizer="l2", activity_regularizer="l1",
        kernel_constraint=keras.constraints.MaxNorm(2), bias_constraint="non_neg", kernel_initializer="orthogonal",
    )  # fmt: skip
    return chain(
        (3,), dense, L.ActivityRegularization(0.01), L.AlphaDropout(0.1), L.GaussianDropout(0.1), L.Dense(1)
    )


@kind
def activations():
    return chain(
        (4,), L.Dense(4, activation="selu"), L.LeakyReLU(0.2), L.PReLU(), L.ELU(), L.Softmax(), L.Activation("mish"),
        L.Dense(4, activation=L.LeakyReLU(0.1)), L.Dense(4, activation=keras.activations.hard_silu), L.Dense(2, activation="log_softmax"),
    )  # fmt: skip


# Shapes of graphs


@kind
def functional_of_lists():
    x = keras.Input((8, 2))
    return keras.Model([x], [L.Dense(1)(L.LSTM(3)(x))])


@kind
def functional_of_dicts():
    a, b = keras.Input((4,), name="a"), keras.Input((3,), name="b")
    return keras.Model({"a": a, "b": b}, {"sum": L.Dense(1)(L.Concatenate()([a, b]))})


@kind
def functional_of_tuples():
    a, b = keras.Input((4,)), keras.Input((4,))
    return keras.Model((a, b), (L.Subtract()([a, b]), L.Multiply()([a, b])))


@kind
def structure_in_structure():
    a, b, c = keras.Input((4,)), keras.Input((4,)), keras.Input((4,))
    return keras.Model(
        {"one": a, "more": [b, c]},
        [L.Average()([a, b]), {"x": L.Maximum()([b, c]), "y": L.Minimum()([a, c])}],
    )


@kind
def siamese():
    encoder = chain((6,), L.Dense(4, activation="relu"), L.Dense(3))
    a, b = keras.Input((6,)), keras.Input((6,))
    return keras.Model([a, b], L.Dot(axes=1, normalize=True)([encoder(a), encoder(b)]))


@kind
def nested_three_deep():
    inner = chain((4,), L.Dense(3), L.Dropout(0.1))
    x = keras.Input((4,))
    middle = keras.Model(x, [inner(x), L.Dense(2)(x)])
    y = keras.Input((4,))
    first, second = middle(y)
    return keras.Model(y, L.Dense(1)(L.Concatenate()([first, second])))


@kind
def nested_output():
    x = keras.Input((4,))
    return keras.Model(x, chain((4,), L.Dense(3), L.Dense(2))(x))


@kind
def layer_called_twice():
    x, dense = keras.Input((4,)), L.Dense(4)
    return keras.Model(x, dense(L.Activation("relu")(dense(x))))


@kind
def autoencoder():
    encoder = chain((12,), L.Dense(4, activation="relu"))
    decoder = chain((4,), L.Dense(12, activation="sigmoid"))
    return compiled(keras.Sequential([encoder, decoder]), loss="binary_crossentropy")


@kind
def sequential_built_late():
    net = keras.Sequential([L.Dense(4, activation="relu"), L.Dense(1)])
    net.build((None, 3))
    return compiled(net)


@kind
def operations():
    x = keras.Input((4, 6))
    y = ops.concatenate([x[:, 0], ops.mean(x, axis=1), ops.max(x, axis=1)], axis=-1)
    y = ops.reshape(y, (-1, 3, 6)) * 2.0 + 1.0
    y = ops.transpose(ops.stack([y, ops.square(y)], axis=1), (0, 2, 1, 3))
    return keras.Model(x, ops.sum(ops.sqrt(ops.abs(y)), axis=(1, 2)) ** 0.5)


@kind
def operations_more():
    x = keras.Input((4, 6))
    a, b = ops.split(x, 2, axis=-1)
    y = ops.where(a > b, ops.clip(a, -1.0, 1.0), ops.cast(ops.round(b), "float32"))
    y = ops.pad(y, ((0, 0), (1, 1), (0, 0)))[..., 1:, ::2]
    return keras.Model(
        x,
        [
            ops.expand_dims(ops.softmax(y), 1),
            ops.one_hot(ops.argmax(y, axis=-1), 3),
            ops.logsumexp(y, axis=-1),
        ],
    )


@kind
def constants():
    x = keras.Input((3,))
    return keras.Model(x, ops.matmul(x, ops.convert_to_tensor([[1.0], [2.0], [3.0]])) + 1.0)


@kind
def reshaping():
    return chain(
        (4, 6),
        L.Permute((2, 1)),
        L.Reshape((3, 8)),
        L.Cropping1D(1),
        L.ZeroPadding1D(2),
        L.UpSampling1D(2),
        L.Flatten(),
        L.RepeatVector(3),
    )


# Tables, sounds


@kind
def preprocessing():
    x = keras.Input((1,), dtype="int32")
    y = keras.Input((2,))
    kinds = L.CategoryEncoding(5, output_mode="one_hot")(x)
    bins = L.Discretization([0.0, 1.0, 2.0])(y)
    return keras.Model([x, y], L.Dense(1)(L.Concatenate()([kinds, ops.cast(bins, "float32")])))


@kind
def spectrogram():
    return chain(
        (800,),
        L.MelSpectrogram(num_mel_bins=8, fft_length=128, sequence_stride=64, sampling_rate=8000),
        L.Flatten(),
        L.Dense(2),
    )


@kind
def spectrogram_stft():
    return chain(
        (800, 1), L.STFTSpectrogram(frame_length=64, frame_step=32, fft_length=64), L.Flatten(), L.Dense(2)
    )


@kind
def pipeline():
    return chain((8, 8, 3), L.Pipeline([L.Rescaling(1 / 255), L.Resizing(4, 4)]), L.Flatten(), L.Dense(1))


# Types of numbers


@kind
def mixed_precision():
    dtype = "mixed_bfloat16"
    return chain((8, 2), L.LSTM(3, dtype=dtype), L.Dense(4, dtype=dtype), L.Dense(1, dtype="float32"))


@kind
def mixed_float16_compiled():
    dtype = keras.DTypePolicy("mixed_float16")
    return compiled(
        chain((4,), L.Dense(4, dtype=dtype), L.BatchNormalization(dtype=dtype), L.Dense(1, dtype="float32"))
    )


@kind
def double_precision():
    return chain((4,), L.Dense(3, dtype="float64"), L.Dense(1, dtype="float64"), dtype="float64")


@kind
def half_precision():
    return chain((4,), L.Dense(3, dtype="bfloat16"), L.Dense(1, dtype="float16"))


@kind
def quantized_int8():
    net = chain((8,), L.Dense(4, activation="relu"), L.Dense(2))
    net.quantize("int8")
    return net


@kind
def quantized_embedding():
    net = chain(
        (4,), L.Embedding(10, 8), L.GlobalAveragePooling1D(), L.EinsumDense("ab,bc->ac", 3), dtype="int32"
    )
    net.quantize("int8")
    return net


@kind
def lora():
    dense = L.Dense(4)
    net = chain((8,), dense, L.Dense(2))
    dense.enable_lora(2)
    return net


@kind
def tied_embedding():
    words = L.ReversibleEmbedding(20, 8)
    x = keras.Input((5,), dtype="int32")
    return keras.Model(x, words(L.Dense(8)(words(x)), reverse=True))
