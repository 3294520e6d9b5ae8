def prefix_sum(x):
    raise RuntimeError("the dog ate \x1b[31mmy kernel")
