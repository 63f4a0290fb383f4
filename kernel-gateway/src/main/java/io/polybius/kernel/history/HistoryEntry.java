package io.polybius.kernel.history;

import java.util.Optional;

/**
 * Something that a user has run.
 *
 * @param session counts the user's sessions, from 1; a session whose driver is replaced goes on as
 *     the next one
 * @param line counts what was run in that session, from 1
 * @param startedMillis when it began, in epoch milliseconds
 * @param input the user's text
 * @param output the text of its value, if it has one
 */
public record HistoryEntry(
    int session, int line, long startedMillis, String input, Optional<String> output) {

  HistoryEntry withOutput(Optional<String> value) {
    return new HistoryEntry(session, line, startedMillis, input, value);
  }
}
