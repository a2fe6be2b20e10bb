"""W1 and W7: products, in 32, 16 and 8 bits."""

import sys

import torch
from torch import nn
from torch.ao.quantization import quantize_dynamic

from common import LAYERS, PRODUCTS, det

from .data import COMPILES, tensor


def run(meter):
    if COMPILES:
        return  # the same libraries are called
    for name, m, k, n in PRODUCTS:
        if meter.wants(name):
            a, b = tensor(det((m, k), 1, 1)), tensor(det((k, n), 2, 1))
            meter.time(name, lambda: torch.mm(a, b))
    if meter.wants("W1.bmm_32x256x64x256"):
        a, b = tensor(det((32, 256, 64), 1, 1)), tensor(det((32, 64, 256), 2, 1))
        meter.time("W1.bmm_32x256x64x256", lambda: torch.bmm(a, b))
    for n in (512, 1024, 2048):
        if meter.wants(f"W7.bf16_mm_{n}"):
            a, b = tensor(det((n, n), 1, 1)).bfloat16(), tensor(det((n, n), 2, 1)).bfloat16()
            meter.time(f"W7.bf16_mm_{n}", lambda: torch.mm(a, b))
    for size in LAYERS:
        with torch.inference_mode():
            layers(meter, *size)


def layers(meter, m, k, n):
    size = f"{m}x{k}x{n}"
    x, weight = tensor(det((m, k), 1, 1)), tensor(det((n, k), 2, 1))
    layer = nn.Linear(k, n, bias=False)
    layer.weight.data = weight
    if meter.wants(f"W7.f32_{size}"):
        meter.time(f"W7.f32_{size}", lambda: layer(x))
    if meter.wants(f"W7.bf16_{size}"):
        half, x16 = nn.Linear(k, n, bias=False).bfloat16(), x.bfloat16()
        half.weight.data = weight.bfloat16()
        meter.time(f"W7.bf16_{size}", lambda: half(x16))
    if meter.wants(f"W7.int8_{size}"):
        in_bytes(meter, f"W7.int8_{size}", layer, x)
    if meter.wants(f"W7.int8_mm_{size}"):
        a, b = (x * 127).to(torch.int8), (weight.t() * 127).to(torch.int8)
        meter.time(f"W7.int8_mm_{size}", lambda: torch._int_mm(a, b))


def in_bytes(meter, name, layer, x):
    """Quantized while it runs, by three engines."""
    for engine in ("fbgemm", "onednn", "x86"):
        try:
            torch.backends.quantized.engine = engine
            model = quantize_dynamic(nn.Sequential(layer), {nn.Linear}, dtype=torch.qint8)
            meter.time(name, lambda: model(x), "-" + engine)
        except RuntimeError as error:
            print(engine, error, file=sys.stderr)
