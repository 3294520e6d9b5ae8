"""The language model: a small GPT with learnt positions and a head of its own (untied)."""

import torch
import torch.nn.functional as F
from torch import nn

VOCABULARY = 1024
CONTEXT = 64  # tokens the model sees at once, T below
BATCH, DEVICE = 50, "cpu"  # windows at once and where, when the scorer computes the loss


class Block(nn.Module):  # type: ignore[misc]  # torch lives in the expert's interpreter only
    """Attention, then a two-layer perceptron; each adds to the stream."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.ln_1 = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.attention_out = nn.Linear(width, width)
        self.ln_2 = nn.LayerNorm(width)
        self.mlp_in = nn.Linear(width, 4 * width)
        self.mlp_out = nn.Linear(4 * width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # (B, T, C) → (B, T, C)
        B, T, C = x.shape
        qkv = self.qkv(self.ln_1(x)).view(B, T, 3, self.heads, C // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)  # each (B, heads, T, C / heads)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.attention_out(y.transpose(1, 2).reshape(B, T, C))
        return x + self.mlp_out(F.gelu(self.mlp_in(self.ln_2(x))))


class GPT(nn.Module):  # type: ignore[misc]
    """The defaults are the damaged model; `small_intact_model()` is the other."""

    def __init__(self, width: int = 96, layers: int = 3, heads: int = 4) -> None:
        super().__init__()
        self.wte = nn.Embedding(VOCABULARY, width)  # the damaged matrix, (tokens, width)
        self.wpe = nn.Embedding(CONTEXT, width)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(layers))
        self.ln_f = nn.LayerNorm(width)
        self.lm_head = nn.Linear(width, VOCABULARY, bias=False)

    def forward(
        self, tokens: torch.Tensor
    ) -> torch.Tensor:  # (B, T) whole numbers → (B, T, VOCABULARY) logits
        x = self.wte(tokens) + self.wpe(torch.arange(tokens.shape[1], device=tokens.device))
        for block in self.blocks:
            x = block(x)
        return self.lm_head(self.ln_f(x))


def small_intact_model() -> GPT:
    return GPT(width=16, layers=1, heads=2)
