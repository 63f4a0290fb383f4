/**
 * What the server and a driver say to each other: the commands, the events, and the link that
 * carries them in order and without loss across reconnects.
 *
 * <p>Both processes use this package; neither knows the other's classes beyond it.
 */
package io.polybius.driver.protocol;
