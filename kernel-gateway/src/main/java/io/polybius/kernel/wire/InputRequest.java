package io.polybius.kernel.wire;

/**
 * What a kernel asks the user of a client: a line of text.
 *
 * @param prompt what to show before it, may be empty
 * @param password whether not to show what is typed
 */
public record InputRequest(String prompt, boolean password) {}
