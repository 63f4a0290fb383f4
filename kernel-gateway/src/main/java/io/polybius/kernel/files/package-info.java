/** Files that only the server's user can read, and what they keep for a later server. */
package io.polybius.kernel.files;
