/**
 * What both ends of the link between a relay and its server know: which messages the other end has,
 * so that none is lost and none comes twice when the network between them breaks.
 */
package io.polybius.kernel.link;
