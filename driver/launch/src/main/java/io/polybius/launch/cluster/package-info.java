/** What the launchers need of a cluster manager, whichever it is. */
package io.polybius.launch.cluster;
