/** What users have run, kept on disk so that it outlives kernels and the server. */
package io.polybius.kernel.history;
