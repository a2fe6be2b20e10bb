"""W4: the network for small pictures, in NCHW and with channels last."""

import torch
import torch.nn.functional as F
from torch import nn

from common import CHANNELS, det, weights

from .data import COMPILES, compiled, ids, linear, tensor, trainer

# Compiled, it is faster with channels last.
LAYOUTS = [("", True)] if COMPILES else [("", False), ("-channels_last", True)]


class Cnn(nn.Module):
    def __init__(self, normalized):
        super().__init__()
        norm = nn.BatchNorm2d if normalized else lambda _: nn.Identity()
        self.convolutions = nn.ModuleList()
        self.norms = nn.ModuleList([norm(outputs) for _, outputs in CHANNELS])
        for i, (inputs, outputs) in enumerate(CHANNELS):
            convolution = nn.Conv2d(inputs, outputs, 3, padding=1)
            kernel = weights((outputs, inputs, 3, 3), 30 + i, inputs * 9)
            convolution.weight.data = tensor(kernel)
            convolution.bias.data.zero_()
            self.convolutions.append(convolution)
        self.fc1, self.fc2 = linear(4096, 256, 34), linear(256, 10, 35)

    def forward(self, x):
        for i, (convolution, norm) in enumerate(zip(self.convolutions, self.norms)):
            x = F.relu(norm(convolution(x)))
            if i % 2:
                x = F.max_pool2d(x, 2)
        return self.fc2(F.relu(self.fc1(x.flatten(1))))


def laid_out(model, x, last):
    if last:
        return model.to(memory_format=torch.channels_last), x.to(memory_format=torch.channels_last)
    return model, x


def run(meter):
    for name, normalized in (("W4.cnn_train_b64", False), ("W4.cnnbn_train_b64", True)):
        if meter.wants(name):
            for mode, last in LAYOUTS:
                meter.train(name, step(normalized, last, False), mode=mode)
        if meter.wants(name + "@bf16"):
            meter.train(name + "@bf16", step(normalized, True, True))
    if meter.wants("W4.cnn_infer_b256"):
        for mode, last in LAYOUTS:
            infer(meter, "W4.cnn_infer_b256", last, torch.float32, mode)
    if meter.wants("W4.cnn_infer_b256@bf16"):
        infer(meter, "W4.cnn_infer_b256@bf16", True, torch.bfloat16)


def step(normalized, last, autocast):
    x, y = tensor(det((64, 3, 32, 32), 110, 1)), ids(64, 111, 10)
    model, x = laid_out(Cnn(normalized), x, last)
    adam = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
    return trainer(adam, lambda: F.cross_entropy(model(x), y), autocast)


def infer(meter, name, last, dtype, mode=""):
    model, x = laid_out(Cnn(False).eval(), tensor(det((256, 3, 32, 32), 110, 1)), last)
    model, x = compiled(model.to(dtype)), x.to(dtype)
    with torch.inference_mode():
        meter.time(name, lambda: model(x), mode)
