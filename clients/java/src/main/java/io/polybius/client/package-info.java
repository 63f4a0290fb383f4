/**
 * The client of a Polybius server for Java: opens a session or joins one, runs jobs in it and gets
 * what they return as objects, runs statements, and follows what happens. Begin with {@link
 * io.polybius.client.SessionClient#at(String)}.
 */
package io.polybius.client;
