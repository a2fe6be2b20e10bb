"""W4: the network for small pictures, with channels last."""

import jax
import jax.numpy as jnp
from jax import lax

from common import CHANNELS, det, weights

from .data import cross_entropy, ids, jitted, trainer
from .mlp import forward as linear


def parameters(normalized):
    convolutions = [
        (
            jnp.asarray(weights((o, i, 3, 3), 30 + at, i * 9).transpose(2, 3, 1, 0)),
            jnp.zeros(o),
        )
        for at, (i, o) in enumerate(CHANNELS)
    ]
    norms = [(jnp.ones(o), jnp.zeros(o)) for _, o in CHANNELS] if normalized else []
    # Written down for pictures flattened as [c, h, w]; here they are [h, w, c].
    first = weights((4096, 256), 34, 4096).reshape(64, 8, 8, 256)
    first = jnp.asarray(first.transpose(1, 2, 0, 3).reshape(4096, 256))
    last = jnp.asarray(weights((256, 10), 35, 256))
    return convolutions, norms, [(first, jnp.zeros(256)), (last, jnp.zeros(10))]


def forward(parameters, x):
    convolutions, norms, fully_connected = parameters
    for i, (kernel, bias) in enumerate(convolutions):
        sides = ("NHWC", "HWIO", "NHWC")
        x = lax.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=sides) + bias
        if norms:
            weight, bias = norms[i]
            mean, var = x.mean((0, 1, 2)), x.var((0, 1, 2))
            x = (x - mean) * lax.rsqrt(var + 1e-5) * weight + bias
        x = jax.nn.relu(x)
        if i % 2:
            x = lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
    return linear(fully_connected, x.reshape(x.shape[0], -1))


def pictures(n):
    return jnp.asarray(det((n, 3, 32, 32), 110, 1).transpose(0, 2, 3, 1))


def run(meter):
    for name, normalized in (("W4.cnn_train_b64", False), ("W4.cnnbn_train_b64", True)):
        if meter.wants(name):
            x, y = pictures(64), ids(64, 111, 10)
            meter.train(name, trainer(parameters(normalized), loss, x, y))
    if meter.wants("W4.cnn_infer_b256"):
        meter.time("W4.cnn_infer_b256", jitted(forward, parameters(False), pictures(256)))


def loss(parameters, x, y):
    return cross_entropy(forward(parameters, x), y)
