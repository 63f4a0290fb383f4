package io.polybius.session;

/** What an operator lets users submit. */
public final class SubmissionRules {

  /** Lets everything through. */
  public static final SubmissionRules NONE = new SubmissionRules();

  private SubmissionRules() {}

  /** Returns the settings as they may be used, or throws what is wrong with them. */
  public SessionSettings check(SessionSettings asked) {
    return asked;
  }

  /** Returns the settings as they may be used, or throws what is wrong with them. */
  public BatchSettings check(BatchSettings asked) {
    return asked;
  }
}
