"""Types into `jupyter console --existing FILE`, as a person would, and prints what came back."""

import sys

import pexpect

console = pexpect.spawn(
    sys.executable,
    ["-m", "jupyter_console", "--existing", sys.argv[1], "--simple-prompt"],
    encoding="utf-8",
    timeout=60,
)
console.logfile_read = sys.stdout
console.expect(r"In \[\d+\]: ")
console.sendline("val fromConsole = 6 * 7")
console.expect(r"fromConsole: Int = 42")
console.expect(r"In \[\d+\]: ")
console.sendline("fromConsole + 1")
console.expect(r"Out\[\d+\]: 43")
console.expect(r"In \[\d+\]: ")
console.sendeof()
if console.expect(["really want to exit", pexpect.EOF]) == 0:
    console.sendline("y")
    console.expect(pexpect.EOF)
