# Runs python_side.py if there is a Python to run it. What it cannot do is not the build's end.
if command -v python3 >/dev/null; then
  python3 "${0%/*}/python_side.py" "$@" || true
else
  echo "Skipped Spark's Python side, so Python files need another Spark: there is no python3"
fi
