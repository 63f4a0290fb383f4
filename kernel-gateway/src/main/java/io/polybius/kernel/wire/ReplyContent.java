package io.polybius.kernel.wire;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;

/** What a kernel answers. */
public sealed interface ReplyContent {

  /** A reply that begins with {@code status: ok}. */
  sealed interface Ok extends ReplyContent {
    /** Returns the status that clients look at first. */
    @JsonProperty("status")
    default String status() {
      return "ok";
    }
  }

  /**
   * The request failed.
   *
   * @param ename the name of the error
   * @param evalue what went wrong
   * @param traceback lines to show
   */
  record Failed(String ename, String evalue, List<String> traceback) implements ReplyContent {
    /** Returns the status that clients look at first. */
    @JsonProperty("status")
    public String status() {
      return "error";
    }
  }

  /**
   * An execution failed.
   *
   * @param ename the name of the error
   * @param evalue what went wrong
   * @param traceback lines to show
   * @param executionCount the number of the execution
   */
  record ExecuteFailed(String ename, String evalue, List<String> traceback, int executionCount)
      implements ReplyContent {
    /** Returns the status that clients look at first. */
    @JsonProperty("status")
    public String status() {
      return "error";
    }
  }

  /** An execution did not begin because one before it failed. */
  record Aborted() implements ReplyContent {
    /** Returns the status that clients look at first. */
    @JsonProperty("status")
    public String status() {
      return "aborted";
    }
  }

  /** It is done and there is nothing to tell. */
  record Done() implements Ok {}

  /**
   * What the kernel is.
   *
   * @param protocolVersion version of the message specification
   * @param implementation name of the kernel
   * @param implementationVersion version of the kernel
   * @param languageInfo about the language that is run
   * @param banner greeting of consoles
   * @param helpLinks for help menus
   * @param supportedFeatures optional parts of the protocol that the kernel has
   * @param debugger whether it can debug
   */
  record KernelInfo(
      String protocolVersion,
      String implementation,
      String implementationVersion,
      LanguageInfo languageInfo,
      String banner,
      List<HelpLink> helpLinks,
      List<String> supportedFeatures,
      boolean debugger)
      implements Ok {}

  /**
   * A language, as notebooks remember it.
   *
   * @param name its name in lower case, as Jupyter's tools know it
   * @param version its version
   * @param mimetype type of its source files
   * @param fileExtension ending of its source files, with the dot
   * @param pygmentsLexer how Pygments calls it
   * @param codemirrorMode how CodeMirror calls it: a name, or an object with one
   * @param nbconvertExporter how nbconvert exports it
   */
  record LanguageInfo(
      String name,
      String version,
      String mimetype,
      String fileExtension,
      String pygmentsLexer,
      JsonNode codemirrorMode,
      String nbconvertExporter) {}

  /**
   * A page to read.
   *
   * @param text its name
   * @param url its address
   */
  record HelpLink(String text, String url) {}

  /**
   * An execution ended well.
   *
   * @param executionCount its number
   * @param payload old-fashioned requests to the client
   * @param userExpressions results of the expressions asked for, by name: each an {@link Evaluated}
   *     or a {@link Failed}
   */
  record Executed(
      int executionCount, List<Payload> payload, Map<String, ReplyContent> userExpressions)
      implements Ok {}

  /**
   * The value of an expression that was asked for.
   *
   * @param data its forms by MIME type
   * @param metadata more about the forms
   */
  record Evaluated(ObjectNode data, ObjectNode metadata) implements Ok {}

  /** A request to the client that comes with the reply to an execution. */
  sealed interface Payload {
    /** Returns what kind of request it is. */
    @JsonProperty("source")
    String source();
  }

  /**
   * Asks the client to show something beside the cells.
   *
   * @param data its forms by MIME type
   * @param start the first line to show
   */
  record Page(ObjectNode data, int start) implements Payload {
    @Override
    public String source() {
      return "page";
    }
  }

  /**
   * Asks the client to put a text into the user's next cell.
   *
   * @param text the text
   * @param replace whether it takes the place of the cell that was run
   */
  record NextInput(String text, boolean replace) implements Payload {
    @Override
    public String source() {
      return "set_next_input";
    }
  }

  /**
   * Whether code can be run as it stands.
   *
   * @param status {@code complete}, {@code invalid} or {@code unknown}
   */
  record Completeness(String status) implements ReplyContent {}

  /**
   * Code needs more lines.
   *
   * @param indent what the next line begins with
   */
  record Incomplete(String indent) implements ReplyContent {
    /** Returns the verdict that clients look at first. */
    @JsonProperty("status")
    public String status() {
      return "incomplete";
    }
  }

  /**
   * How a name may go on.
   *
   * @param matches the possible texts
   * @param cursorStart where the text to replace begins, in code points
   * @param cursorEnd where it ends
   * @param metadata more about the matches: a {@link Match} for each, under the name that
   *     JupyterLab knows
   */
  record Completed(List<String> matches, int cursorStart, int cursorEnd, ObjectNode metadata)
      implements Ok {}

  /**
   * More about one way in which a name may go on.
   *
   * @param text the possible text
   * @param type what it is, such as {@code function}; empty if that is not known
   * @param start where the text to replace begins, in code points
   * @param end where it ends
   * @param signature what it takes and gives; empty if that is not known
   */
  record Match(String text, String type, int start, int end, String signature) {}

  /**
   * What a name is.
   *
   * @param found whether anything is known
   * @param data the answer by MIME type
   * @param metadata more about the answer
   */
  record Inspected(boolean found, ObjectNode data, ObjectNode metadata) implements Ok {}

  /**
   * Code that was run before.
   *
   * @param history rows of session, line and input, or of session, line and the pair of input and
   *     output; oldest first
   */
  record History(List<List<Object>> history) implements Ok {}

  /**
   * The open connections between objects.
   *
   * @param comms the targets by connection
   */
  record Comms(Map<String, CommTarget> comms) implements Ok {}

  /**
   * Who has a connection between objects.
   *
   * @param targetName the name that it was opened with
   */
  record CommTarget(String targetName) {}

  /**
   * Where the kernel listens.
   *
   * @param shellPort port of shell
   * @param iopubPort port of iopub
   * @param stdinPort port of stdin
   * @param hbPort port of the heartbeat
   * @param controlPort port of control
   */
  record Ports(int shellPort, int iopubPort, int stdinPort, int hbPort, int controlPort)
      implements Ok {}

  /**
   * The kernel ends.
   *
   * @param restart whether it begins again
   */
  record ShutDown(boolean restart) implements Ok {}

  /**
   * The debugger cannot do that.
   *
   * @param type always {@code response}
   * @param requestSeq the number of the request
   * @param success always false
   * @param command what was asked for
   * @param message why not
   */
  record DebugRefused(String type, int requestSeq, boolean success, String command, String message)
      implements ReplyContent {}
}
