/** Folders that come and go. */
package io.polybius.server.files;
