"""W8: rows and single numbers, and a step of Adam."""

from functools import partial

import jax
import jax.numpy as jnp

from .data import adam_state, adam_step, ids, jitted, numbers
from .gpt import norm

FUNCTIONS = {
    "gelu_tanh": lambda x, b, one: jax.nn.gelu(x),
    "gelu_erf": lambda x, b, one: jax.nn.gelu(x, approximate=False),
    "softmax": lambda x, b, one: jax.nn.softmax(x),
    "layernorm": lambda x, b, one: norm(x, (one, b)),
    "sum_all": lambda x, b, one: jnp.sum(x),
    "sum_dim0": lambda x, b, one: x.sum(0),
    "add_bcast": lambda x, b, one: x + b,
    "mul_same": lambda x, b, one: x * x,
    "transpose_copy": lambda x, b, one: x.T + 0,  # without the sum nothing is copied
    "exp": lambda x, b, one: jnp.exp(x),
}


def run(meter):
    for name, function in FUNCTIONS.items():
        if meter.wants("W8." + name):
            x, b, one = numbers((4096, 1024), 5, 3), numbers((1024,), 6, 1), jnp.ones(1024)
            meter.time("W8." + name, jitted(function, x, b, one))
    if meter.wants("W8.embed_gather"):
        table, rows = numbers((50257, 768), 7, 1), ids(4096, 8, 50257)
        meter.time("W8.embed_gather", jitted(lambda table, rows: table[rows], table, rows))
    if meter.wants("W8.adam_10M"):
        step(meter)


def step(meter):
    state, gradient = [adam_state(numbers((10_000_000,), 9, 1))], numbers((10_000_000,), 3, 1)
    jitted_step = jax.jit(partial(adam_step, lr=1e-3), donate_argnums=0)

    def moved():
        state[0] = jax.block_until_ready(jitted_step(state[0], gradient))

    meter.time("W8.adam_10M", moved)
