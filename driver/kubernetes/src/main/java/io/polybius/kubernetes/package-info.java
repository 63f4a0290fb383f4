/** Kubernetes as a cluster manager: drivers in pods that Spark's own {@code spark-submit} makes. */
package io.polybius.kubernetes;
