/**
 * Python, in a process beside the driver's that works on the driver's Spark. {@link
 * io.polybius.driver.interpreter.python.PythonInterpreter} is the way in.
 */
package io.polybius.driver.interpreter.python;
