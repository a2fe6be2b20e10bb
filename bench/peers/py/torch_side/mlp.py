"""W2 and W3: small networks, and what an op costs; the first step of W9."""

import torch
import torch.nn.functional as F
from torch import nn

from common import det

from .data import COMPILES, compiled, ids, linear, tensor, trainer

# Compiled steps are fast with the fused optimizer only.
FUSED = [("", True)] if COMPILES else [("", False), ("-fused", True)]


def mlp():
    layers = linear(784, 256, 10), nn.ReLU(), linear(256, 128, 11), nn.ReLU(), linear(128, 10, 12)
    return nn.Sequential(*layers)


def run(meter):
    for name, losses in (("W2.train_b64", 10), ("W9.first_step", 1)):
        if meter.wants(name):
            for mode, fused in FUSED[:losses]:
                meter.train(name, digits(fused), losses, mode)
    if meter.wants("W2.infer_b1"):
        model, x = compiled(mlp()), tensor(det((64, 784), 102, 1))[:1].clone()
        with torch.inference_mode():
            meter.time("W2.infer_b1", lambda: model(x))
    if meter.wants("W3.xor_train"):
        for mode, fused in FUSED:
            meter.train("W3.xor_train", xor(fused), 10, mode)
    a, b = tensor(det((4, 2), 1, 1)), tensor(det((4, 4), 1, 1))
    if meter.wants("W3.op_add8") and not COMPILES:
        meter.time("W3.op_add8", lambda: a + a)
    if meter.wants("W3.op_mm4") and not COMPILES:
        meter.time("W3.op_mm4", lambda: b @ b)


def digits(fused):
    model, x, y = mlp(), tensor(det((64, 784), 102, 1)), ids(64, 101, 10)
    adam = torch.optim.Adam(model.parameters(), lr=1e-3, fused=fused)
    return trainer(adam, lambda: F.cross_entropy(model(x), y))


def xor(fused):
    x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    y = torch.tensor([[0.0], [1.0], [1.0], [0.0]])
    model = nn.Sequential(linear(2, 4, 20), nn.Tanh(), linear(4, 1, 21))
    adam = torch.optim.Adam(model.parameters(), lr=1e-2, fused=fused)
    return trainer(adam, lambda: F.mse_loss(model(x), y))
