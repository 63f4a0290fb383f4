package io.polybius.kernel;

import io.polybius.session.ErrorCode;

/** A request about kernels that cannot be served. The message is for the user. */
public final class KernelException extends RuntimeException {

  private static final long serialVersionUID = 1;

  /** What can be wrong with a request about kernels. */
  public enum Reason {
    /** No kernel has that id. */
    KERNEL_NOT_FOUND(ErrorCode.Type.NOT_FOUND),
    /** The id that the client chose is not a UUID in lower case. */
    BAD_KERNEL_ID(ErrorCode.Type.BAD_REQUEST),
    /** Another kernel has the id that the client chose. */
    DUPLICATE_KERNEL_ID(ErrorCode.Type.CONFLICT),
    /** No kernel is offered under that name. */
    UNKNOWN_KERNEL_NAME(ErrorCode.Type.BAD_REQUEST),
    /** The kernel's session is over. */
    KERNEL_DEAD(ErrorCode.Type.CONFLICT),
    /** No more kernels are made. */
    SHUTTING_DOWN(ErrorCode.Type.UNAVAILABLE);

    private final ErrorCode.Type type;

    Reason(ErrorCode.Type type) {
      this.type = type;
    }

    /** Returns who has to do something about it. */
    public ErrorCode.Type type() {
      return type;
    }
  }

  private final Reason reason;

  /** Makes one with a message for the user. */
  public KernelException(Reason reason, String message) {
    super(message);
    this.reason = reason;
  }

  /** Returns what kind of error it is. */
  public Reason reason() {
    return reason;
  }
}
