package io.polybius.driver;

import io.polybius.notebook.NoInputException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.Optional;
import java.util.concurrent.CancellationException;

/**
 * The process's standard input: asks the user of the statement whose code reads. What belongs to no
 * statement finds the input at its end, as child processes do.
 */
final class StandardInput extends InputStream {

  private final OutputCapture statements;

  /**
   * @param statements knows which statement a thread belongs to
   */
  StandardInput(OutputCapture statements) {
    this.statements = statements;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    Optional<StatementConsole> reader = statements.owner();
    if (reader.isEmpty()) {
      return -1;
    }
    try {
      return reader.get().input().read(bytes, offset, length);
    } catch (InterruptedException e) {
      throw interrupted(e);
    } catch (NoInputException | CancellationException e) {
      if (statements.isStatementThread()) {
        // Not an IOException: a Scanner would keep that to itself.
        throw e;
      }
      // Threads that feed a child process take this, and only this, for the end.
      throw interrupted(e);
    }
  }

  @Override
  public int available() {
    return statements.owner().map(reader -> reader.input().available()).orElse(0);
  }

  private static IOException interrupted(Exception cause) {
    return (IOException) new InterruptedIOException(cause.getMessage()).initCause(cause);
  }
}
