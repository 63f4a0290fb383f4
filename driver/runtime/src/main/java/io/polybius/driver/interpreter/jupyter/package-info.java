/** Languages that Jupyter kernels run: the driver is the client of a kernel's process. */
package io.polybius.driver.interpreter.jupyter;
