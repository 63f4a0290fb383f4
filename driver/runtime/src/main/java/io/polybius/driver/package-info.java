/**
 * The driver process: it starts Spark, dials the server, and runs the statements that come, one
 * after the other. Everything here runs beside Spark, on the JDK and with the libraries that Spark
 * allows.
 */
package io.polybius.driver;
