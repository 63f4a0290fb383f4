package io.polybius.kernel.wire;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonProperty;
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
      ObjectNode data, ObjectNode metadata, @JsonProperty("transient") ObjectNode transientData)
      implements PublishedContent {
    @Override
    public String messageType() {
      return "display_data";
    }
  }

  /**
   * Takes the place of what was shown under the same display id.
   *
   * @param data its forms by MIME type
   * @param metadata more about the forms
   * @param transientData what is not to be stored, the display id among it
   */
  record UpdateDisplayData(
      ObjectNode data, ObjectNode metadata, @JsonProperty("transient") ObjectNode transientData)
      implements PublishedContent {
    @Override
    public String messageType() {
      return "update_display_data";
    }
  }

  /**
   * Takes back what the code has put out so far.
   *
   * @param waits whether it stays to be seen until something new comes
   */
  record ClearOutput(@JsonProperty("wait") boolean waits) implements PublishedContent {
    @Override
    public String messageType() {
      return "clear_output";
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
   * Opens a connection between an object of the kernel and one of each client.
   *
   * @param commId names the connection
   * @param targetName who is to take it
   * @param data what the kernel's end has to say
   */
  record CommOpen(String commId, String targetName, ObjectNode data) implements PublishedContent {
    @Override
    public String messageType() {
      return "comm_open";
    }
  }

  /**
   * A message over a connection between objects.
   *
   * @param commId names the connection
   * @param data what the kernel's end has to say
   */
  record CommData(String commId, ObjectNode data) implements PublishedContent {
    @Override
    public String messageType() {
      return "comm_msg";
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
