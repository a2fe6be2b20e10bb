"""W8: rows and single numbers, and a step of Adam."""

import torch
import torch.nn.functional as F
from torch import nn

from common import det

from .data import COMPILES, compiled, ids, tensor

FUNCTIONS = {
    "gelu_tanh": lambda x, b, one: F.gelu(x, approximate="tanh"),
    "gelu_erf": lambda x, b, one: F.gelu(x),
    "softmax": lambda x, b, one: torch.softmax(x, 1),
    "layernorm": lambda x, b, one: F.layer_norm(x, (1024,), one, b),
    "sum_all": lambda x, b, one: x.sum(),
    "sum_dim0": lambda x, b, one: x.sum(0),
    "add_bcast": lambda x, b, one: x + b,
    "mul_same": lambda x, b, one: x * x,
    "transpose_copy": lambda x, b, one: x.t().contiguous(),
    "exp": lambda x, b, one: x.exp(),
}


def run(meter):
    for name, function in FUNCTIONS.items():
        if meter.wants("W8." + name):
            x, b, one = (
                tensor(det((4096, 1024), 5, 3)),
                tensor(det((1024,), 6, 1)),
                torch.ones(1024),
            )
            function = compiled(function)
            with torch.inference_mode():
                meter.time("W8." + name, lambda: function(x, b, one))
    if meter.wants("W8.embed_gather"):
        table, rows = tensor(det((50257, 768), 7, 1)), ids(4096, 8, 50257)
        gather = compiled(F.embedding)
        with torch.inference_mode():
            meter.time("W8.embed_gather", lambda: gather(rows, table))
    if meter.wants("W8.adam_10M"):
        for mode, fused in [("", False)] if COMPILES else [("", False), ("-fused", True)]:
            step(meter, mode, fused)


def step(meter, mode, fused):
    weight = nn.Parameter(tensor(det((10_000_000,), 9, 1)))
    adam = torch.optim.Adam([weight], lr=1e-3, fused=fused)
    weight.grad = tensor(det((10_000_000,), 3, 1))
    meter.time("W8.adam_10M", compiled(adam.step), mode)
