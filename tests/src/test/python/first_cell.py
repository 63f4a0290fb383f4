"""Starts a kernel and runs its first cell: first_cell.py KERNEL CODE.

Prints what is displayed until the cell has ended, what it prints, and how it ended.
"""

import sys

import kernels

kernel, client = kernels.start(sys.argv[1])
try:
    reply, published = kernels.run(client, sys.argv[2], timeout=kernels.SPARK_START)
    for kind in ("display_data", "update_display_data"):
        for content in kernels.of_type(published, kind):
            print(content["data"]["text/plain"])
    print(kernels.text_of(published), end="")
    print(kernels.text_of(published, "stderr"), end="")
    print("ended:", reply["content"]["status"])
finally:
    kernels.stop(kernel, client)
