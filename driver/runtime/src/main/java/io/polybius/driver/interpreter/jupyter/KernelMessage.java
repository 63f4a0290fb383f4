package io.polybius.driver.interpreter.jupyter;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * A message of a kernel.
 *
 * @param type what it is, such as {@code execute_reply}
 * @param parentId the id of the request that it belongs to, empty if it belongs to none
 * @param content what it says
 */
record KernelMessage(String type, String parentId, JsonNode content) {

  /** The type of a message that cannot be used; the content is that of an error. */
  static final String UNREADABLE = "UnreadableMessage";
}
