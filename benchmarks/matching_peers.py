"""faiss as a peer of the index: reads packed 256-bit hashes and needles, builds an index, then times searches when told to.

    matching_peers.py HASHES NEEDLES DISTANCE flat|multihash

Prints "ready SECONDS" with the time that building took. For each line "run COUNT" it searches the first COUNT needles one after the other, as
a service does, and prints the processor's microseconds for one needle and how many hashes were found.
"""
import os
import sys
import time

os.environ["OMP_NUM_THREADS"] = "1"
import faiss  # noqa: E402
import numpy  # noqa: E402


def main():
    hashes = numpy.fromfile(sys.argv[1], dtype=numpy.uint8).reshape(-1, 32)
    needles = numpy.fromfile(sys.argv[2], dtype=numpy.uint8).reshape(-1, 32)
    radius = int(sys.argv[3]) + 1  # faiss: less than
    faiss.omp_set_num_threads(1)
    begin = time.process_time()
    if sys.argv[4] == "flat":
        index = faiss.IndexBinaryFlat(256)
    else:
        index = faiss.IndexBinaryMultiHash(256, 16, 16)
        index.nflip = 1
    index.add(hashes)
    print("ready", time.process_time() - begin, flush=True)
    for line in sys.stdin:
        count = int(line.split()[1])
        found = 0
        begin = time.process_time()
        for needle in range(count):
            limits, _, _ = index.range_search(needles[needle : needle + 1], radius)
            found += int(limits[-1])
        print((time.process_time() - begin) / count * 1e6, found, flush=True)


main()
