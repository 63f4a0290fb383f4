/**
 * R, in a process beside the driver's, attached to the driver's Spark where there is SparkR. {@link
 * io.polybius.driver.interpreter.r.RInterpreter} is the way in.
 */
package io.polybius.driver.interpreter.r;
