/** The Jupyter kernels of a machine: the server names them, and a driver runs them. */
package io.polybius.driver.protocol.jupyter;
