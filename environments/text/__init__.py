"""A seeded grammar language: text that exists nowhere else, the same on every machine.

`language.SMALL` and `language.BIG` are the two languages; `bpe` turns their text into tokens.
Numpy only: the operator's interpreter has no torch.
"""
