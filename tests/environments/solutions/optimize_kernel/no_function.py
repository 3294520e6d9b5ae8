def prefixsum(x):
    return x
