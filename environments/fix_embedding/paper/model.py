# mypy: ignore-errors
"""The language model of the paper's size: GPT-2 XL with a head of its own (untied)."""

import torch
from transformers import GPT2Config, GPT2LMHeadModel

CONTEXT = 1024  # tokens the model sees at once
BATCH, DEVICE = 4, "cuda"  # windows at once and where, when the scorer computes the loss


class GPT(torch.nn.Module):
    """Names of the weights are those of `transformers`, below `body.`."""

    def __init__(self):
        super().__init__()
        config = GPT2Config(n_embd=1600, n_layer=48, n_head=25, tie_word_embeddings=False)
        self.body = GPT2LMHeadModel(config)

    def forward(self, tokens):  # (B, T) whole numbers → (B, T, vocabulary) logits
        return self.body(tokens).logits
