"""W5: training a GPT; the parameters of W6, too."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from common import GPTS, det, weights

from .data import cross_entropy, ids, trainer


def parameters(layers, d, context, v):
    w = {
        "tokens": det((v, d), 50, 0.035),
        "places": det((context, d), 51, 0.035),
        "head": det((v, d), 52, 0.035),
        "norm": (np.ones(d, np.float32), np.zeros(d, np.float32)),
    }
    sizes = {"qkv": (d, 3 * d), "out": (d, d), "up": (d, 4 * d), "down": (4 * d, d)}
    for i in range(layers):
        block = {
            name: (weights(size, 60 + 4 * i + at, size[0]), np.zeros(size[1], np.float32))
            for at, (name, size) in enumerate(sizes.items())
        }
        w[f"block{i}"] = {**block, "norm1": w["norm"], "norm2": w["norm"]}
    return jax.tree.map(jnp.asarray, w)


def norm(x, weight_and_bias):
    weight, bias = weight_and_bias
    mean = x.mean(-1, keepdims=True)
    var = ((x - mean) ** 2).mean(-1, keepdims=True)
    return (x - mean) * lax.rsqrt(var + 1e-5) * weight + bias


def linear(x, weight_and_bias):
    weight, bias = weight_and_bias
    return x @ weight + bias


def split(x, heads):
    """`[n, t, d] -> [n, h, t, d / h]`"""
    n, t, d = x.shape
    return x.reshape(n, t, heads, d // heads).transpose(0, 2, 1, 3)


def block_rest(w, x, found):
    n, t, d = x.shape
    x = x + linear(found.transpose(0, 2, 1, 3).reshape(n, t, d), w["out"])
    return x + linear(jax.nn.gelu(linear(norm(x, w["norm2"]), w["up"])), w["down"])


def attend(q, k, v, mask):
    """A query sees the keys where the mask is true."""
    scale = np.asarray(q.shape[-1] ** 0.5, q.dtype)
    scores = jnp.where(mask, q @ k.transpose(0, 1, 3, 2) / scale, -jnp.inf)
    return jax.nn.softmax(scores) @ v


def forward(w, ids, layers, heads):
    t = ids.shape[1]
    x, mask = w["tokens"][ids] + w["places"][:t], jnp.tril(jnp.ones((t, t), bool))
    for i in range(layers):
        block = w[f"block{i}"]
        qkv = jnp.split(linear(norm(x, block["norm1"]), block["qkv"]), 3, -1)
        q, k, v = (split(part, heads) for part in qkv)
        x = block_rest(block, x, attend(q, k, v, mask))
    return norm(x, w["norm"]) @ w["head"].T


def run(meter):
    for name, layers, heads, d, context, n in GPTS:
        if meter.wants(name):
            x = ids(n * context, 120, 65).reshape(n, context)
            y = ids(n * context, 121, 65)

            def loss(w, x, y, layers=layers, heads=heads):
                return cross_entropy(forward(w, x, layers, heads).reshape(-1, 65), y)

            meter.train(name, trainer(parameters(layers, d, context, 65), loss, x, y, decay=0.1))
