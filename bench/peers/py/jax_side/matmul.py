"""W1 and W7: products, in 32 and 16 bits."""

import jax.numpy as jnp

from common import LAYERS, PRODUCTS

from .data import jitted, numbers


def run(meter):
    for name, m, k, n in PRODUCTS:
        if meter.wants(name):
            a, b = numbers((m, k), 1, 1), numbers((k, n), 2, 1)
            meter.time(name, jitted(jnp.matmul, a, b))
    if meter.wants("W1.bmm_32x256x64x256"):
        a, b = numbers((32, 256, 64), 1, 1), numbers((32, 64, 256), 2, 1)
        meter.time("W1.bmm_32x256x64x256", jitted(jnp.matmul, a, b))
    sizes = [(f"W7.bf16_mm_{n}", n, n, n) for n in (512, 1024, 2048)]
    sizes += [(f"W7.bf16_{m}x{k}x{n}", m, k, n) for m, k, n in LAYERS]
    for name, m, k, n in sizes:
        if meter.wants(name):
            a, b = numbers((m, k), 1, 1), numbers((k, n), 2, 1)
            meter.time(name, jitted(jnp.matmul, a.astype(jnp.bfloat16), b.astype(jnp.bfloat16)))
    for m, k, n in LAYERS:
        if meter.wants(f"W7.f32_{m}x{k}x{n}"):
            a, b = numbers((m, k), 1, 1), numbers((k, n), 2, 1)
            meter.time(f"W7.f32_{m}x{k}x{n}", jitted(jnp.matmul, a, b))
