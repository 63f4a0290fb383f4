/** What the session core needs from others: somebody who starts drivers. */
package io.polybius.session.spi;
