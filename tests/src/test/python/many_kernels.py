"""Opens many kernels, has each of them work, and closes them all: many_kernels.py COUNT."""

import concurrent.futures
import sys

import kernels

COUNT = int(sys.argv[1])
AT_ONCE = 6


def work(number, kernel):
    reply, published = kernels.run(kernel[1], f"print kernel {number}\nvalue {number}")
    assert reply["content"]["status"] == "ok", reply
    assert kernels.text_of(published) == f"kernel {number}\n", published
    (result,) = kernels.of_type(published, "execute_result")
    assert result["data"]["text/plain"] == str(number), published


# One pool for all steps: the clients' sockets stay with the threads that have made them.
with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
    opened = list(pool.map(lambda _: kernels.start(), range(COUNT)))
    print(f"opened {len(opened)}", flush=True)
    list(pool.map(work, range(COUNT), opened))
    print(f"worked {len(opened)}", flush=True)
    list(pool.map(lambda kernel: kernels.stop(*kernel), opened))
    print(f"closed {len(opened)}", flush=True)
