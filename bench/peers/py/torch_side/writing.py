"""W6: writing with a cache of keys and values, in 32, 16 and 8 bits."""

import torch
from torch import nn
from torch.ao.quantization import quantize_dynamic

from .data import COMPILES, ids
from .gpt import Gpt


def run(meter):
    if meter.wants("W6.gen_small_256"):
        write(meter, "W6.gen_small_256", Gpt(6, 6, 384, 320, 65).eval(), 256, 288, torch.float32)
    for name, dtype in (("W6.gpt2_f32", torch.float32), ("W6.gpt2_bf16", torch.bfloat16)):
        if meter.wants(name):
            write(meter, name, Gpt(12, 12, 768, 128, 50257).eval().to(dtype), 24, 64, dtype)
    if meter.wants("W6.gpt2_int8") and not COMPILES:
        model = Gpt(12, 12, 768, 128, 50257).eval()
        model = quantize_dynamic(model, {nn.Linear}, dtype=torch.qint8)
        write(meter, "W6.gpt2_int8", model, 24, 64, torch.float32)


def write(meter, name, model, n, room, dtype):
    step = torch.compile(model.at) if COMPILES else None
    meter.time(name, lambda: written(model, n, room, dtype, step))


@torch.inference_mode()
def written(model, n, room, dtype, step):
    shape = (1, model.heads, room, model.d // model.heads)
    caches = [[torch.zeros(shape, dtype=dtype) for _ in range(2)] for _ in model.blocks]
    token = model(ids(16, 130, 65)[None], caches, 0)[:, -1].argmax(-1, keepdim=True)
    tokens = [token]
    for i in range(1, n):
        if step is not None:
            token = step(token, torch.tensor([15 + i]), caches, room)
        else:
            token = model(token, caches, 15 + i)[:, -1].argmax(-1, keepdim=True)
        tokens.append(token)
    return torch.cat(tokens, 1)[0].tolist()
