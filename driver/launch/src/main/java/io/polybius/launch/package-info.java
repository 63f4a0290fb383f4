/** Starts drivers and batches as processes of this machine, on the Spark that it finds. */
package io.polybius.launch;
