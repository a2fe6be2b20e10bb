"""Writes torch.csv beside this script: the learning rates of PyTorch's schedules.

Run with PyTorch 2: `python make.py`. Columns: schedule, step, learning rate.
"""

import pathlib

import torch
from torch.optim import lr_scheduler

STEPS = 40


def rates(make):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1, momentum=0.9)
    schedule = make(optimizer)
    for step in range(STEPS):
        yield step, optimizer.param_groups[0]["lr"]
        optimizer.step()
        if step + 1 < STEPS:
            schedule.step()


SCHEDULES = {
    "constant": lambda o: lr_scheduler.ConstantLR(o, factor=1.0),
    "step_decay": lambda o: lr_scheduler.StepLR(o, step_size=7, gamma=0.5),
    "cosine": lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=STEPS - 1, eta_min=0.001),
    "warmup_cosine": lambda o: lr_scheduler.SequentialLR(
        o,
        [
            # From 1/11 of the rate, up by 1/11 in each of 10 steps.
            lr_scheduler.LinearLR(o, start_factor=1 / 11, total_iters=10),
            lr_scheduler.CosineAnnealingLR(o, T_max=STEPS - 1 - 10, eta_min=0.001),
        ],
        milestones=[10],
    ),
    "one_cycle": lambda o: lr_scheduler.OneCycleLR(o, max_lr=0.5, total_steps=STEPS),
    "one_cycle_other": lambda o: lr_scheduler.OneCycleLR(
        o, max_lr=0.5, total_steps=STEPS, pct_start=0.45, div_factor=10, final_div_factor=50
    ),
}

with open(pathlib.Path(__file__).parent / "torch.csv", "w", encoding="ascii") as file:
    for name, make in SCHEDULES.items():
        for step, rate in rates(make):
            file.write(f"{name},{step},{rate!r}\n")
