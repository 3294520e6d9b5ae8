"""The bare way to time a kernel: imported, called and timed in one process. Prints JSON.

Runs with the expert's interpreter: `python bare_kernel.py SOLUTION_FOLDER ELEMENTS REPEATS`.
"""

import json
import sys
import time

import torch

folder, elements, repeats = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
sys.path.insert(0, folder)
from solution import prefix_sum  # noqa: E402

torch.set_num_threads(1)
milliseconds = []
for _ in range(repeats + 1):
    x = torch.randint(-9, 10, (elements,), dtype=torch.int32)
    kept = torch.empty_like(x)
    started = time.perf_counter()
    kept.copy_(prefix_sum(x))
    milliseconds.append(1000 * (time.perf_counter() - started))
print(json.dumps(milliseconds[1:]))
