"""W5: training a GPT; the model of W6, too."""

import torch
import torch.nn.functional as F
from torch import nn

from common import GPTS, det

from .data import ids, linear, tensor, trainer


class Block(nn.Module):
    def __init__(self, d, heads, i):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.qkv, self.out = linear(d, 3 * d, 60 + 4 * i), linear(d, d, 61 + 4 * i)
        self.up, self.down = linear(d, 4 * d, 62 + 4 * i), linear(4 * d, d, 63 + 4 * i)

    def forward(self, x, cache=None, place=0):
        q, k, v = self.parts(x)
        t, causal = x.shape[1], True
        if cache is not None:
            keys, values = cache
            keys[:, :, place : place + t], values[:, :, place : place + t] = k, v
            k, v = keys[:, :, : place + t], values[:, :, : place + t]
            causal = t > 1
        return self.rest(x, F.scaled_dot_product_attention(q, k, v, is_causal=causal))

    def at(self, x, cache, place, mask):
        """One token, in shapes that do not grow, so that it is compiled once."""
        q, k, v = self.parts(x)
        keys, values = cache
        keys.index_copy_(2, place, k)
        values.index_copy_(2, place, v)
        return self.rest(x, F.scaled_dot_product_attention(q, keys, values, attn_mask=mask))

    def parts(self, x):
        n, t, d = x.shape
        parts = self.qkv(self.norm1(x)).split(d, 2)
        return [part.view(n, t, self.heads, d // self.heads).transpose(1, 2) for part in parts]

    def rest(self, x, found):
        x = x + self.out(found.transpose(1, 2).reshape(x.shape))
        return x + self.down(F.gelu(self.up(self.norm2(x)), approximate="tanh"))


class Gpt(nn.Module):
    def __init__(self, layers, heads, d, context, v):
        super().__init__()
        self.heads, self.d = heads, d
        self.tokens, self.places = nn.Embedding(v, d), nn.Embedding(context, d)
        self.tokens.weight.data = tensor(det((v, d), 50, 0.035))
        self.places.weight.data = tensor(det((context, d), 51, 0.035))
        self.blocks = nn.ModuleList([Block(d, heads, i) for i in range(layers)])
        self.norm = nn.LayerNorm(d)
        self.head = nn.Linear(d, v, bias=False)
        self.head.weight.data = tensor(det((v, d), 52, 0.035))

    def forward(self, ids, caches=None, place=0):
        x = self.tokens(ids) + self.places(torch.arange(place, place + ids.shape[1]))
        for i, block in enumerate(self.blocks):
            x = block(x, None if caches is None else caches[i], place)
        if caches is not None:
            x = x[:, -1:]
        return self.head(self.norm(x))

    def at(self, token, place, caches, room):
        """The token after one that stands at `place`."""
        x = self.tokens(token) + self.places(place)
        mask = (torch.arange(room) <= place).view(1, 1, 1, room)
        for i, block in enumerate(self.blocks):
            x = block.at(x, caches[i], place, mask)
        return self.head(self.norm(x)).argmax(-1)


def run(meter):
    for name, *size in GPTS:
        if meter.wants(name):
            meter.train(name, step(*size, autocast=False))
        if meter.wants(name + "@bf16"):
            meter.train(name + "@bf16", step(*size, autocast=True))


def step(layers, heads, d, context, n, autocast):
    model = Gpt(layers, heads, d, context, 65)
    x, y = ids(n * context, 120, 65).view(n, context), ids(n * context, 121, 65)
    adamw = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.1, fused=True)
    return trainer(adamw, lambda: F.cross_entropy(model(x).view(-1, 65), y), autocast)
