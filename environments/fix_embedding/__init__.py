"""Fix Embedding: repair a language model whose token embedding was tampered with."""
