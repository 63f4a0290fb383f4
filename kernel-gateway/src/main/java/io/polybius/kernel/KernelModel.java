package io.polybius.kernel;

import com.fasterxml.jackson.annotation.JsonInclude;

/**
 * A kernel as Jupyter's REST interface shows it.
 *
 * @param id its UUID
 * @param name the name of its kernelspec
 * @param lastActivity when a user last did something with it, or it put something out; always with
 *     fraction digits and {@code Z}
 * @param executionState {@code starting}, {@code idle}, {@code busy} or {@code dead}
 * @param connections how many clients are connected
 * @param reason why it is dead, empty and left out when it is not
 */
public record KernelModel(
    String id,
    String name,
    String lastActivity,
    String executionState,
    int connections,
    @JsonInclude(JsonInclude.Include.NON_EMPTY) String reason) {}
