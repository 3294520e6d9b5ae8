"""Side-by-side measurements: what the portal does against what one would do without it."""
