/**
 * Magics: commands such as {@code %table x} that turn a value of the session into every form in
 * which a door may show it.
 *
 * <p>The package knows no Spark and no language. An interpreter looks names up and hands {@link
 * io.polybius.magic.PlainValue plain data}; a {@link io.polybius.magic.Magic} makes a {@link
 * io.polybius.driver.protocol.MimeBundle} of it.
 */
package io.polybius.magic;
