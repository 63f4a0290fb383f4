/**
 * The program: its commands, and {@link io.polybius.server.ServerAssembly}, which puts the modules
 * together to a server.
 */
package io.polybius.server;
