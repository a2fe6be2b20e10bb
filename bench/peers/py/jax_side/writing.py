"""W6: writing with a cache of keys and values, in 32 and 16 bits. The prompt is one pass."""

from functools import partial

import jax
import jax.numpy as jnp
from jax import lax

from .data import ids
from .gpt import attend, block_rest, linear, norm, parameters, split


def run(meter):
    small, gpt2 = (6, 6, 384, 320, 65), (12, 12, 768, 128, 50257)
    for name, size, n, room, dtype in (
        ("W6.gen_small_256", small, 256, 288, jnp.float32),
        ("W6.gpt2_f32", gpt2, 24, 64, jnp.float32),
        ("W6.gpt2_bf16", gpt2, 24, 64, jnp.bfloat16),
    ):
        if meter.wants(name):
            meter.time(name, writer(*size, n, room, dtype))


def writer(layers, heads, d, context, v, n, room, dtype):
    w = jax.tree.map(lambda a: a.astype(dtype), parameters(layers, d, context, v))
    # Compiled twice: for the prompt, and for single tokens.
    step = jax.jit(partial(tokens_at, layers=layers, heads=heads), donate_argnums=3)
    prompt = ids(16, 130, 65)

    def write():
        caches = jnp.zeros((layers, 2, 1, heads, room, d // heads), dtype)
        token, caches = step(w, prompt, 0, caches)
        written = [int(token)]
        for i in range(1, n):
            token, caches = step(w, token[None], 15 + i, caches)
            written.append(int(token))
        return written

    return write


def tokens_at(w, ids, place, caches, layers, heads):
    """The token after `ids`, of which the first stands at `place`, and the caches."""
    t, room = ids.shape[0], caches.shape[4]
    x = (w["tokens"][ids] + lax.dynamic_slice_in_dim(w["places"], place, t))[None]
    mask = jnp.arange(room) <= place + jnp.arange(t)[:, None]
    for i in range(layers):
        block = w[f"block{i}"]
        qkv = jnp.split(linear(norm(x, block["norm1"]), block["qkv"]), 3, -1)
        q, k, v = (split(part, heads) for part in qkv)
        for at, new in ((0, k), (1, v)):
            caches = lax.dynamic_update_slice(caches, new[None, None], (i, at, 0, 0, place, 0))
        x = block_rest(block, x, attend(q, caches[i, 0], caches[i, 1], mask))
    last = norm(x[0, -1], w["norm"])
    return (w["head"] @ last).argmax(), caches
