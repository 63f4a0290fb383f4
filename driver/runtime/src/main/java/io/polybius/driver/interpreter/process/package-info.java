/** What languages have in common that run in a process of their own, beside the driver. */
package io.polybius.driver.interpreter.process;
