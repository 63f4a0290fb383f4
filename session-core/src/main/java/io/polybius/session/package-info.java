/**
 * The session core: sessions, their statements and their events, whichever door they are used from.
 *
 * <p>{@link io.polybius.session.SessionService} is the only way in. Everything that changes a
 * session happens in the session's {@link io.polybius.session.Mailbox}; everybody else reads
 * immutable snapshots. How drivers are started is behind {@link io.polybius.session.spi}.
 */
package io.polybius.session;
