/** Measures a server on this machine, and beside it what it is compared with. */
package io.polybius.bench;
