# Pi, from how many of a million random points of a square are in its circle.
import random

POINTS = 1_000_000


def is_inside(_):
    x, y = random.uniform(-1, 1), random.uniform(-1, 1)
    return x * x + y * y <= 1


inside = sc.parallelize(range(POINTS), 4).filter(is_inside).count()
print(f"Pi is about {4 * inside / POINTS:.3f}")
