/**
 * Kernels: views of sessions in the terms of the Jupyter protocol. Knows messages but no transport;
 * clients are connected by the packages beside this one.
 */
package io.polybius.kernel;
