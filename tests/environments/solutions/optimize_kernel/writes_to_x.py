def prefix_sum(x):
    return x.add_(1)
