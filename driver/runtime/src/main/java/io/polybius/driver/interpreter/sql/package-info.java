/** SQL on the driver's Spark. */
package io.polybius.driver.interpreter.sql;
