/** A cluster for tests. */
package io.polybius.kubernetes.testing;
