#!/usr/bin/env python3
"""Times Pillow's resize at the sizes of ResizeBenchmarks: best and median of a few rounds, in milliseconds."""
import statistics
import time

import numpy
import PIL
from PIL import Image

print(f"Pillow {PIL.__version__}")
for width, height, side, rounds in [(4000, 3000, 224, 7), (1024, 768, 224, 40), (512, 512, 299, 40)]:
    noise = numpy.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=numpy.uint8)
    image = Image.fromarray(noise)
    for name, resample in [("bilinear", Image.BILINEAR), ("bicubic", Image.BICUBIC), ("lanczos3", Image.LANCZOS)]:
        times = []
        for _ in range(rounds):
            start = time.perf_counter()
            image.resize((side, side), resample)
            times.append(1000 * (time.perf_counter() - start))
        print(f"{width}x{height}-{side} {name}: best {min(times):.3f}, median {statistics.median(times):.3f}")
