"""Milestone 04's photographs in PyTorch: the same networks, pictures, steps and rates, in its fastest
mode here (channels last, fused optimizer). Prints the accuracy on the 10,000 test pictures and
the time that training took.

    BENCH_THREADS=2 python cifar10.py FOLDER [--net small|resnet9] [--epochs N] [--seed N]

FOLDER holds the six files of CIFAR-10's binary version. To compare with:

    tito milestone run 04 --data cifar10 [--target 90]
"""

import argparse
import pathlib
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import common

BATCH = 128


def block(inputs, outputs):
    conv = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(outputs), nn.ReLU())


def small(width=32):
    """`SmallVgg`."""
    return nn.Sequential(
        block(3, width), block(width, width), nn.MaxPool2d(2),
        block(width, 2 * width), block(2 * width, 2 * width), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(2 * width * 64, 128), nn.ReLU(), nn.Dropout(0.25), nn.Linear(128, 10),
    )


class Residual(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.inside = nn.Sequential(block(channels, channels), block(channels, channels))

    def forward(self, x):
        return x + self.inside(x)


class Scale(nn.Module):
    def forward(self, x):
        return x * 0.125


def resnet9(width=64):
    """`ResNet9`."""
    return nn.Sequential(
        block(3, width), block(width, 2 * width), nn.MaxPool2d(2), Residual(2 * width),
        block(2 * width, 4 * width), nn.MaxPool2d(2),
        block(4 * width, 8 * width), nn.MaxPool2d(2), Residual(8 * width),
        nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(8 * width, 10, bias=False), Scale(),
    )


def pictures(folder, names):
    """Pictures `[n, 3, 32, 32]` of 0 to 255, and labels `[n]`."""
    raw = np.concatenate([np.fromfile(folder / name, np.uint8) for name in names]).reshape(-1, 3073)
    return torch.from_numpy(raw[:, 1:].reshape(-1, 3, 32, 32).copy()), torch.from_numpy(raw[:, 0].astype(np.int64))


def augmented(x, strong, rng):
    """The pictures mirrored, each with a probability of a half; if `strong` also shifted by up to
    4 pixels, and with a hole of 8 by 8."""
    mirrored = torch.rand(len(x), generator=rng) < 0.5
    x = torch.where(mirrored[:, None, None, None], x.flip(3), x)
    if not strong:
        return x
    n = len(x)
    wide = F.pad(x, (4, 4, 4, 4))
    at = torch.randint(0, 9, (n, 2), generator=rng)
    rows = at[:, 0, None] + torch.arange(32)
    columns = at[:, 1, None] + torch.arange(32)
    x = wide[torch.arange(n)[:, None, None], :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)
    hole = torch.randint(0, 32, (n, 2, 1), generator=rng)
    near = (torch.arange(32) - hole + 4 >= 0) & (torch.arange(32) - hole + 4 < 8)
    return x * ~(near[:, 0, :, None] & near[:, 1, None, :])[:, None]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--net", choices=["small", "resnet9"], default="small")
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, help="stop after so many, to time one")
    options = parser.parse_args()
    torch.set_num_threads(common.THREADS)
    torch.manual_seed(options.seed)
    rng = torch.Generator().manual_seed(options.seed)
    large = options.net == "resnet9"
    train, labels = pictures(options.folder, [f"data_batch_{i}.bin" for i in range(1, 6)])
    test, answers = pictures(options.folder, ["test_batch.bin"])
    mean = train.float().mean((0, 2, 3), keepdim=True)
    deviation = train.float().std((0, 2, 3), keepdim=True)
    train, test = (train - mean) / deviation, (test - mean) / deviation
    kept = torch.randperm(len(train), generator=rng)[: len(train) - len(train) // 25]
    model = (resnet9() if large else small()).to(memory_format=torch.channels_last)
    if large:
        lr, epochs = 0.1, options.epochs or 18
        optimizer = torch.optim.SGD(model.parameters(), lr, 0.9, nesterov=True, weight_decay=5e-4, fused=True)
    else:
        lr, epochs = 0.01, options.epochs or 5
        optimizer = torch.optim.AdamW(model.parameters(), lr, weight_decay=0.01, fused=True)
    steps = epochs * (len(kept) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, steps, cycle_momentum=False)
    started, done = time.perf_counter(), 0
    for _ in range(epochs):
        order = kept[torch.randperm(len(kept), generator=rng)]
        for i in range(0, len(order) - BATCH + 1, BATCH):
            chosen = order[i : i + BATCH]
            x = augmented(train[chosen], large, rng).contiguous(memory_format=torch.channels_last)
            loss = F.cross_entropy(model(x), labels[chosen], label_smoothing=0.1 if large else 0.0)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            done += 1
            if done == options.steps:
                print(f"{options.net}: {1e3 * (time.perf_counter() - started) / done:.1f} ms a step")
                return
    seconds = time.perf_counter() - started
    model.eval()
    with torch.no_grad():
        right = sum(
            (model(test[i : i + 250]).argmax(1) == answers[i : i + 250]).sum().item() for i in range(0, len(test), 250)
        )
    print(f"{options.net}, {epochs} epochs, seed {options.seed}: {right / len(test):.2%} after {seconds:.0f} s")


if __name__ == "__main__":
    main()
