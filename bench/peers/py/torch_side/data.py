"""Weights and data, a layer, and a trainer."""

import numpy as np
import torch
from torch import nn

from common import MODE, det_int, weights

COMPILES = MODE == "compile"


def tensor(array):
    return torch.from_numpy(np.ascontiguousarray(array))


def ids(n, seed, m):
    return tensor(det_int(n, seed, m))


def compiled(f):
    return torch.compile(f) if COMPILES else f


def linear(inputs, outputs, seed):
    layer = nn.Linear(inputs, outputs)
    layer.weight.data = tensor(weights((inputs, outputs), seed, inputs)).t().contiguous()
    layer.bias.data.zero_()
    return layer


def trainer(optimizer, loss, autocast=False):
    """A step along `loss`, which gives the loss before it."""
    loss = compiled(loss)

    def step():
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
            value = loss()
        value.backward()
        optimizer.step()
        return value.item()

    return step
