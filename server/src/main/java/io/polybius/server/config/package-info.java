/**
 * The server's settings: the one table of them, and the sources that their values come from.
 *
 * <p>To add a setting, add a {@link io.polybius.server.config.Setting} and a component to {@link
 * io.polybius.server.config.ServerConfig}, and a row to {@code docs/configuration.md}, which a test
 * compares with the table. Settings of Livy that are none here are in {@code livy-keys.txt}.
 */
package io.polybius.server.config;
