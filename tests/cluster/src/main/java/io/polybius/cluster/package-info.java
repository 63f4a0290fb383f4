/**
 * Real clusters on one machine, for tests and to try: YARN with HDFS, and Spark's standalone one.
 */
package io.polybius.cluster;
