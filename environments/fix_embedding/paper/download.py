# mypy: ignore-errors
"""Fetches models and text of the paper's size and damages the model. Run by prepare.py only."""

import sys
from itertools import islice
from pathlib import Path

import numpy as np
from safetensors.torch import save_file

try:
    from datasets import load_dataset
    from transformers import AutoTokenizer, GPT2LMHeadModel
except ImportError as error:
    sys.exit(
        f"The paper profile of fix_embedding needs {error.name} in the experts' interpreter "
        "environment (pip install transformers datasets) and a connection to a model hub. "
        "The small profile needs neither."
    )


def save_tokens(text, tokenizer, counts_and_paths) -> None:
    """Consecutive parts of one stream, so that held-out text is not training text."""
    rows = (row["text"] for row in load_dataset(text, split="train", streaming=True))
    stream = (
        token for row in rows for token in [*tokenizer(row).input_ids, tokenizer.eos_token_id]
    )
    for count, path in counts_and_paths:
        np.save(path, np.fromiter(islice(stream, count), dtype=np.uint16, count=count))


def save_damaged(base_model, order, path) -> None:
    state = GPT2LMHeadModel.from_pretrained(base_model).half().state_dict()
    tensors = {f"body.{name}": tensor.clone() for name, tensor in state.items()}
    embedding = tensors["body.transformer.wte.weight"]
    tensors["body.transformer.wte.weight"] = embedding[order].contiguous()
    save_file(tensors, path)


def main() -> None:
    base_model, small_model, text, train_tokens, heldout_tokens, *folders = sys.argv[1:]
    public, private = map(Path, folders)
    save_damaged(base_model, np.load(private / "order.npy"), public / "starting/model.safetensors")
    GPT2LMHeadModel.from_pretrained(small_model).save_pretrained(public / "small_model")
    tokenizer = AutoTokenizer.from_pretrained(small_model)
    tokenizer.save_pretrained(public / "tokenizer")
    train, heldout = public / "train_tokens.npy", private / "heldout_tokens.npy"
    save_tokens(text, tokenizer, [(int(heldout_tokens), heldout), (int(train_tokens), train)])


if __name__ == "__main__":
    main()
