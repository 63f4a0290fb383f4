/**
 * The languages that a driver speaks, each behind {@link
 * io.polybius.driver.interpreter.Interpreter}.
 */
package io.polybius.driver.interpreter;
