import random
import polybius

def inside(context, darts: int) -> int:
    """How many of the darts hit the circle; runs in the session, and its filter on the executors."""
    return context.sc.parallelize(range(darts), 8).filter(
        lambda dart: random.random() ** 2 + random.random() ** 2 < 1).count()

with polybius.connect("http://localhost:8998", kind="pyspark") as session:
    print("Pi is roughly", 4 * session.run(inside, 1_000_000) / 1_000_000)
