"""W2 and W3: small networks, and what an op costs; the first step of W9."""

import jax
import jax.numpy as jnp

from common import weights

from .data import cross_entropy, ids, jitted, numbers, trainer


def layers(sizes, seed):
    pairs = enumerate(zip(sizes, sizes[1:]))
    return [
        (jnp.asarray(weights((inputs, outputs), seed + i, inputs)), jnp.zeros(outputs))
        for i, (inputs, outputs) in pairs
    ]


def forward(parameters, x, bend=jax.nn.relu):
    for weight, bias in parameters[:-1]:
        x = bend(x @ weight + bias)
    weight, bias = parameters[-1]
    return x @ weight + bias


def run(meter):
    x, y = numbers((64, 784), 102, 1), ids(64, 101, 10)
    for name, losses in (("W2.train_b64", 10), ("W9.first_step", 1)):
        if meter.wants(name):
            meter.train(name, trainer(layers([784, 256, 128, 10], 10), digits, x, y), losses)
    if meter.wants("W2.infer_b1"):
        meter.time("W2.infer_b1", jitted(forward, layers([784, 256, 128, 10], 10), x[:1]))
    if meter.wants("W3.xor_train"):
        x = jnp.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
        y = jnp.array([[0.0], [1.0], [1.0], [0.0]])
        meter.train("W3.xor_train", trainer(layers([2, 4, 1], 20), xor, x, y, lr=1e-2), 10)
    a, b = numbers((4, 2), 1, 1), numbers((4, 4), 1, 1)
    if meter.wants("W3.op_add8"):
        meter.time("W3.op_add8", jitted(lambda a: a + a, a))
    if meter.wants("W3.op_mm4"):
        meter.time("W3.op_mm4", jitted(jnp.matmul, b, b))


def digits(parameters, x, y):
    return cross_entropy(forward(parameters, x), y)


def xor(parameters, x, y):
    return ((forward(parameters, x, jnp.tanh) - y) ** 2).mean()
