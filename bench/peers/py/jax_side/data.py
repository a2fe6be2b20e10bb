"""Data, losses, Adam and a trainer."""

import jax
import jax.numpy as jnp

from common import det, det_int


def numbers(shape, seed, scale):
    return jnp.asarray(det(shape, seed, scale))


def ids(n, seed, m):
    return jnp.asarray(det_int(n, seed, m))


def done(f, *arguments):
    """A function that waits for what `f` computes."""
    return lambda: jax.block_until_ready(f(*arguments))


def jitted(f, *arguments):
    return done(jax.jit(f), *arguments)


def cross_entropy(scores, labels):
    return -jnp.take_along_axis(jax.nn.log_softmax(scores), labels[:, None], 1).mean()


def adam_state(parameters):
    zeros = jax.tree.map(jnp.zeros_like, parameters)
    copies = jax.tree.map(jnp.zeros_like, parameters)
    return parameters, zeros, copies, jnp.zeros((), jnp.float32)


def adam_step(state, grads, lr=1e-3, decay=0.0):
    w, m, v, t = state
    t = t + 1
    m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, grads)
    v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, grads)
    c1, c2 = 1 - 0.9**t, 1 - 0.999**t

    def moved(w, m, v):
        return w * (1 - lr * decay) - lr * (m / c1) / (jnp.sqrt(v / c2) + 1e-8)

    return jax.tree.map(moved, w, m, v), m, v, t


def trainer(parameters, loss, x, y, lr=1e-3, decay=0.0):
    """A step along `loss(parameters, x, y)`, which gives the loss before it."""

    def step(state, x, y):
        value, grads = jax.value_and_grad(loss)(state[0], x, y)
        return adam_step(state, grads, lr, decay), value

    jitted_step, state = jax.jit(step, donate_argnums=0), [adam_state(parameters)]

    def train():
        state[0], value = jitted_step(state[0], x, y)
        return float(value)

    return train
