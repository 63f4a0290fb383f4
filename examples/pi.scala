// Pi, from how many of a million random points of a square are in its circle.
val points = 1000000
val inside = sc
  .parallelize(1 to points, 4)
  .filter { _ =>
    val x = math.random * 2 - 1
    val y = math.random * 2 - 1
    x * x + y * y <= 1
  }
  .count()
println(f"Pi is about ${4.0 * inside / points}%.3f")
