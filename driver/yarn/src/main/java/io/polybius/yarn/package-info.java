/**
 * Hadoop YARN as a cluster manager. The only package that knows Hadoop; it is loaded with the
 * Hadoop of a Spark in a class loader of its own.
 */
package io.polybius.yarn;
