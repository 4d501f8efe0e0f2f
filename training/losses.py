"""What a supervised model is trained to make small: one number for each example."""

import tensorflow as tf

# Of what the targets are: class labels, or values.
OF_CLASSES = ("cross_entropy", "hinge", "squared_error")
OF_VALUES = ("squared_error", "absolute_error", "huber")
LOSSES = tuple(dict.fromkeys((*OF_CLASSES, *OF_VALUES)))
HUBER = 1.0  # error from which on Huber's loss grows in a straight line


def per_example(name: str, targets: tf.Tensor, outputs: tf.Tensor, smoothing: float = 0.0) -> tf.Tensor:
    """The loss of each example.

    Args:
        name: For class labels one of `OF_CLASSES`: the cross-entropy in nats; the hinge of Crammer and
            Singer 2001 (equation 1), by how much the right logit fails to lead every other one by 1; the
            squared distance of the logits from the label's one-hot vector. For values one of `OF_VALUES`,
            each a mean over the K values; Huber 1964 is half the square up to `HUBER`.
        targets: Class labels `(..., )` integer, or values `(..., K)` float32.
        outputs: `(..., K)`.
        smoothing: Share of the target's probability that is spread over all classes
            (Szegedy et al. 2016, arXiv:1512.00567, section 7); of "cross_entropy" alone.

    Returns: `(..., )`.
    """
    if targets.dtype.is_integer:
        classes = outputs.shape[-1]
        if name == "cross_entropy":
            labels = tf.broadcast_to(targets, tf.shape(outputs)[:-1])
            loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, outputs)
            if smoothing:  # without a vector of expectations, which for a vocabulary would be large
                uniform = tf.reduce_logsumexp(outputs, axis=-1) - tf.reduce_mean(outputs, axis=-1)
                loss = (1 - smoothing) * loss + smoothing * uniform
            return loss
        expected = tf.broadcast_to(tf.one_hot(targets, classes), tf.shape(outputs))
        if name == "hinge":
            right = tf.reduce_sum(expected * outputs, axis=-1, keepdims=True)
            return tf.reduce_max(outputs - right + 1 - expected, axis=-1)  # the right one itself gives 0
        return tf.reduce_sum(tf.square(outputs - expected), axis=-1)
    errors = outputs - targets
    if name == "huber":
        size = tf.abs(errors)
        part = tf.minimum(size, HUBER)
        return tf.reduce_mean(part * (size - part / 2), axis=-1)
    return tf.reduce_mean(tf.abs(errors) if name == "absolute_error" else tf.square(errors), axis=-1)
