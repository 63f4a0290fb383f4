/**
 * What code in a notebook can say to the people and programs that run it, beside printing. Code in
 * the REPL finds it under the name {@code kernel}; libraries get it from {@link
 * io.polybius.notebook.Notebook#kernel}.
 */
package io.polybius.notebook;
