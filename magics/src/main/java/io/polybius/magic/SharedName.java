package io.polybius.magic;

/**
 * A name under which a session shares something.
 *
 * @param name the name
 * @param type {@code DataFrame}, {@code RDD} or {@code value}
 * @param language the kind of the statement that has shared it
 * @param summary what is in it, in a few words
 */
public record SharedName(String name, String type, String language, String summary) {}
