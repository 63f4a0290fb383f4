# Pi, from how many of many random points of a square are in its circle.
count_inside <- function(points) {
  x <- runif(points, -1, 1)
  y <- runif(points, -1, 1)
  sum(x * x + y * y <= 1)
}

parts <- rep(250000, 4)
# With SparkR, executors do it; without it, R itself.
apply_all <- if ("package:SparkR" %in% search()) spark.lapply else lapply
inside <- sum(unlist(apply_all(parts, count_inside)))
cat(sprintf("Pi is about %.3f\n", 4 * inside / sum(parts)))
