#!/usr/bin/env python3
"""Makes the pictures of the imaging benchmark, and answers for Pillow and OpenCV in it.

    peers.py prepare FOLDER [PHOTOGRAPHS]    pictures and Pillow's answers, into FOLDER
    peers.py worker FOLDER                   the protocol of SafetySdk.PeerBenchmarks/Worker.cs, on stdin and stdout
"""
import io
import os
import statistics
import sys
import time

import numpy
import PIL
from PIL import Image, ImageOps

FILTERS = {"bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC, "lanczos3": Image.LANCZOS}
RESIZES = [(4000, 3000, 224), (1024, 768, 224), (512, 512, 299)]
JPEGS = {"12": (4000, 3000), "1": (1152, 864), "0.26": (512, 512)}
CROP = (400, 2100)  # a detailed corner: about as many bytes a pixel as the whole
PHOTOGRAPHS = ["Rome.jpg", "Jerusalem.jpg", "Colmar.jpg", "Amy.jpg"]


def synthetic(size):
    """Waves, edges and noise: entropy of the order of a photograph's."""
    width, height = size
    random = numpy.random.default_rng(1)
    x, y = numpy.meshgrid(numpy.arange(width, dtype=numpy.float32), numpy.arange(height, dtype=numpy.float32))
    planes = [
        128 + 60 * numpy.sin(x / (37 + 9 * c) + c) * numpy.cos(y / (53 - 7 * c)) + 40 * ((x // 97 + y // 61) % 2 - 0.5)
        + random.normal(0, 6, (height, width)) for c in range(3)
    ]
    return Image.fromarray(numpy.clip(numpy.stack(planes, -1), 0, 255).astype(numpy.uint8))


def mosaic(photographs):
    names = [os.path.join(photographs, name) for name in PHOTOGRAPHS] if photographs else []
    if not names or not all(map(os.path.isfile, names)):
        return synthetic((4000, 3000)), "synthetic (the shared photographs are absent)"
    whole = Image.new("RGB", (4000, 3000))
    for i, name in enumerate(names):
        tile = ImageOps.fit(Image.open(name).convert("RGB"), (2000, 1500), Image.LANCZOS)
        whole.paste(tile, (2000 * (i % 2), 1500 * (i // 2)))
    return whole, "mosaic of four photographs"


def prepare(folder, photographs):
    whole, kind = mosaic(photographs)
    sizes = []
    for name, (width, height) in JPEGS.items():
        left, top = CROP if width < 4000 else (0, 0)
        path = os.path.join(folder, f"{name}.jpg")
        whole.crop((left, top, left + width, top + height)).save(path, quality=90, subsampling="4:2:0")
        with open(os.path.join(folder, f"{name}.rgb"), "wb") as out:
            out.write(Image.open(path).convert("RGB").tobytes())
        sizes.append(f"{os.path.getsize(path):,}")
    for width, height, side in RESIZES:
        left, top = CROP if width < 4000 else (0, 0)
        image = whole.crop((left, top, left + width, top + height))
        with open(os.path.join(folder, f"{width}x{height}.rgb"), "wb") as out:
            out.write(image.tobytes())
        for name, resample in FILTERS.items():
            with open(os.path.join(folder, f"{width}x{height}-{side}-{name}.rgb"), "wb") as out:
                out.write(image.resize((side, side), resample).tobytes())
    with open(os.path.join(folder, "pictures.txt"), "w") as out:
        out.write(f"{kind}; JPEG quality 90 4:2:0 of {', '.join(sizes)} bytes\n")


class Workloads:
    def __init__(self, folder):
        self.folder = folder
        self.made = {}
        try:
            import cv2
            cv2.setNumThreads(1)
            self.cv2 = cv2
        except ImportError:
            self.cv2 = None

    def describe(self):
        return f"Pillow {PIL.__version__}, " + (f"OpenCV {self.cv2.__version__}" if self.cv2 else "no OpenCV")

    def read(self, name):
        with open(os.path.join(self.folder, name), "rb") as file:
            return file.read()

    def get(self, name):
        if name not in self.made:
            self.made[name] = self.make(name)
        return self.made[name]

    def make(self, name):
        """A call that returns an array or a picture, and what its bytes must be (None: no reference)."""
        parts = name.split("/")
        if parts[0] == "jpeg":
            data = self.read(f"{parts[1]}.jpg")
            reference = Image.frombytes("RGB", JPEGS[parts[1]], self.read(f"{parts[1]}.rgb")).resize((224, 224), Image.BILINEAR)
            return lambda: Image.open(io.BytesIO(data)).convert("RGB").resize((224, 224), Image.BILINEAR), reference.tobytes()
        size, side = parts[1].split("-")
        width, height = map(int, size.split("x"))
        side = (int(side), int(side))
        rgb = self.read(f"{size}.rgb")
        if parts[3] == "pillow":
            image = Image.frombytes("RGB", (width, height), rgb)
            resample = FILTERS[parts[2]]
            return lambda: image.resize(side, resample), self.read(f"{parts[1]}-{parts[2]}.rgb")
        if not self.cv2:
            raise LookupError("python3-opencv is not installed")
        array = numpy.frombuffer(rgb, numpy.uint8).reshape(height, width, 3)
        interpolation = {"opencv-area": self.cv2.INTER_AREA, "opencv-linear": self.cv2.INTER_LINEAR}[parts[3]]
        return lambda: self.cv2.resize(array, side, interpolation=interpolation), None

    def check(self, name):
        try:
            run, reference = self.get(name)
        except LookupError as missing:
            return f"missing {missing}"
        got = run().tobytes()
        return "ok - -" if reference is None or got == reference else "wrong Pillow contradicts itself"

    def time(self, name, milliseconds, clock):
        run, _ = self.get(name)
        now = time.process_time_ns if clock == "cpu" else time.perf_counter_ns
        run()
        samples = []
        while len(samples) < 3 or sum(samples) < milliseconds * 1_000_000:
            start = now()
            run()
            samples.append(now() - start)
        return f"{min(samples)} {statistics.median(samples)}"


def worker(folder):
    workloads = Workloads(folder)
    for line in sys.stdin:
        command, *arguments = line.split()
        if command == "describe":
            answer = workloads.describe()
        elif command == "check":
            answer = workloads.check(arguments[0])
        else:
            answer = workloads.time(arguments[0], int(arguments[1]), arguments[2])
        print(answer, flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "prepare":
        prepare(sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else None)
    else:
        worker(sys.argv[2])
