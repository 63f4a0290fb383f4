package io.polybius.notebook;

import io.polybius.driver.protocol.MimeBundle;
import io.polybius.driver.protocol.StatementOutput;

/**
 * What the code of a session says to its front ends: {@code kernel} in the REPL. Every method can
 * be called by any thread. What a thread says belongs to the statement that has started the thread,
 * also when that has ended.
 *
 * <p>All that {@link #display} has can be called on the kernel itself too: {@code
 * kernel.html("...")} is {@code kernel.display.html("...")}.
 */
public final class Kernel extends Displays {

  /** Shows things: {@code kernel.display("text/html", "...")}. */
  public final Displays display;

  /** Channels to objects in the front ends. */
  public final Comms comms;

  private final FrontEnd frontEnd;

  /** Makes one; code in notebooks finds it made. */
  public Kernel(FrontEnd frontEnd, Comms comms) {
    super(frontEnd);
    this.display = new Displays(frontEnd);
    this.comms = comms;
    this.frontEnd = frontEnd;
  }

  /**
   * Takes back what the statement has put out so far.
   *
   * @param wait whether it stays to be seen until something new comes, which then does not flicker
   */
  public void clearOutput(boolean wait) {
    clear(wait);
  }

  /** Takes back what the statement has put out so far, at once. */
  public void clearOutput() {
    clear();
  }

  /**
   * Shares a value with the other languages and the other clients of the session: a DataFrame or an
   * RDD as it is, anything else as a copy of what it holds now.
   *
   * @param name under which it is shared from now on
   * @throws IllegalArgumentException if it is neither of them nor plain data
   */
  public void share(String name, Object value) {
    frontEnd.share(name, value);
  }

  /**
   * Returns what is shared under a name: a DataFrame, an RDD or plain data, which can be null.
   *
   * @throws java.util.NoSuchElementException if nothing is
   */
  public Object shared(String name) {
    return frontEnd.shared(name);
  }

  /** Shows a text beside the statement's output, where the front end shows help. */
  public void page(String text) {
    frontEnd.put(new StatementOutput.Page(MimeBundle.text(text)));
  }

  /** Proposes the user's next input: a new cell below this one, or the next line of a console. */
  public void setNextInput(String text) {
    setNextInput(text, false);
  }

  /**
   * Proposes the user's next input.
   *
   * @param text the input
   * @param replace whether it takes the place of this statement's own text
   */
  public void setNextInput(String text, boolean replace) {
    frontEnd.put(new StatementOutput.NextInput(text, replace));
  }

  /**
   * Lets the user type a line, and waits for it as long as it takes, or until the statement is
   * interrupted.
   *
   * @param prompt what to show before it
   * @return the line, without its end
   * @throws NoInputException if the client that runs the statement cannot be asked, or the user has
   *     ended the input
   */
  public String input(String prompt) throws InterruptedException {
    return ask(prompt, false);
  }

  /** Does what {@link #input} does, but does not show what the user types. */
  public String password(String prompt) throws InterruptedException {
    return ask(prompt, true);
  }

  private String ask(String prompt, boolean password) throws InterruptedException {
    return frontEnd
        .ask(prompt, password)
        .orElseThrow(() -> new NoInputException("The user has ended the input."));
  }

  @Override
  public String toString() {
    return "kernel";
  }
}
