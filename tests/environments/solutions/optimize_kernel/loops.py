def prefix_sum(x):
    while True:
        pass
