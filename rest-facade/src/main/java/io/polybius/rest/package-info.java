/**
 * The Livy door: routes, JSON and errors of the Livy REST API over {@link
 * io.polybius.session.SessionService}.
 *
 * <p>{@link io.polybius.rest.Routes} is the whole URL table. Each of its lines leads to a method of
 * an {@code ...Api} class, which parses a {@link io.polybius.rest.Request}, makes one call to the
 * session core and returns an {@link io.polybius.rest.Answer}; how these travel over HTTP is the
 * business of {@link io.polybius.rest.RoutedRequest} alone.
 */
package io.polybius.rest;
