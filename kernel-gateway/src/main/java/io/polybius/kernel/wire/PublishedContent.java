package io.polybius.kernel.wire;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** What a kernel tells all its clients on iopub. */
public sealed interface PublishedContent {

  /** Returns the type of the message. */
  @JsonIgnore
  String messageType();

  /**
   * What the kernel is doing.
   *
   * @param executionState {@code starting}, {@code busy}, {@code idle}, {@code restarting} or
   *     {@code dead}
   */
  record Status(String executionState) implements PublishedContent {
    @Override
    public String messageType() {
      return "status";
    }
  }

  /**
   * Greets a new subscriber, so that it knows that it will miss nothing from here on.
   *
   * @param subscription the topic that it subscribed to
   */
  record Welcome(String subscription) implements PublishedContent {
    @Override
    public String messageType() {
      return "iopub_welcome";
    }
  }

  /**
   * Code begins to run.
   *
   * @param code the user's text
   * @param executionCount the number of the execution
   */
  record ExecuteInput(String code, int executionCount) implements PublishedContent {
    @Override
    public String messageType() {
      return "execute_input";
    }
  }

  /**
   * The code printed something.
   *
   * @param name {@code stdout} or {@code stderr}
   * @param text what it printed
   */
  record Stream(String name, String text) implements PublishedContent {
    @Override
    public String messageType() {
      return "stream";
    }
  }

  /**
   * Something to show.
   *
   * @param data its forms by MIME type
   * @param metadata more about the forms
   * @param transientData what is not to be stored
   */
  record DisplayData(
      ObjectNode data,
      ObjectNode metadata,
      @com.fasterxml.jackson.annotation.JsonProperty("transient") ObjectNode transientData)
      implements PublishedContent {
    @Override
    public String messageType() {
      return "display_data";
    }
  }

  /**
   * The value of the code.
   *
   * @param data its forms by MIME type
   * @param metadata more about the forms
   * @param executionCount the number of the execution
   */
  record ExecuteResult(ObjectNode data, ObjectNode metadata, int executionCount)
      implements PublishedContent {
    @Override
    public String messageType() {
      return "execute_result";
    }
  }

  /**
   * The code failed.
   *
   * @param ename the name of the error
   * @param evalue what went wrong
   * @param traceback lines to show
   */
  record Failure(String ename, String evalue, List<String> traceback) implements PublishedContent {
    @Override
    public String messageType() {
      return "error";
    }
  }

  /**
   * The kernel ends.
   *
   * @param status always {@code ok}
   * @param restart whether it begins again
   */
  record ShutDown(String status, boolean restart) implements PublishedContent {
    @Override
    public String messageType() {
      return "shutdown_reply";
    }
  }

  /**
   * A connection between objects is over.
   *
   * @param commId names the connection
   * @param data what the kernel's end has to say
   */
  record CommClose(String commId, ObjectNode data) implements PublishedContent {
    @Override
    public String messageType() {
      return "comm_close";
    }
  }
}
