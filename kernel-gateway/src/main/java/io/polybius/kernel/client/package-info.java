/** A small Jupyter client, for demonstrations, measurements and tests. */
package io.polybius.kernel.client;
