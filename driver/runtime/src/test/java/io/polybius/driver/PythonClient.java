package io.polybius.driver;

import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import org.junit.jupiter.api.Assumptions;

/** A Python of a client, which writes jobs and reads results with a cloudpickle. */
final class PythonClient implements AutoCloseable {

  private static final ObjectMapper JSON = new ObjectMapper();

  static {
    JSON.getFactory()
        .setStreamReadConstraints(
            StreamReadConstraints.builder().maxStringLength(Integer.MAX_VALUE).build());
  }

  private final Process process;
  private final Writer input;
  private final BufferedReader output;

  /** Starts it; skips the test if the build has not got Spark's Python side. */
  PythonClient() throws IOException {
    for (String library : System.getenv("PYTHONPATH").split(File.pathSeparator)) {
      Assumptions.assumeTrue(Files.exists(Path.of(library)), () -> "there is no " + library);
    }
    String program;
    try (InputStream in = PythonClient.class.getResourceAsStream("python_client.py")) {
      program = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
    process =
        new ProcessBuilder("python3", "-c", program)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    input = process.outputWriter(StandardCharsets.UTF_8);
    output = process.inputReader(StandardCharsets.UTF_8);
  }

  private synchronized String ask(ObjectNode question) throws IOException {
    input.write(question + "\n");
    input.flush();
    JsonNode answer = JSON.readTree(output.readLine());
    return answer.textValue();
  }

  /** Returns the function {@code job} of a program, as a client sends it. */
  byte[] job(String source) throws IOException {
    return job(source, false);
  }

  /** Returns the function as a Python would send it that has other instructions. */
  byte[] strangeJob(String source) throws IOException {
    return job(source, true);
  }

  private byte[] job(String source, boolean strange) throws IOException {
    ObjectNode question = JSON.createObjectNode().put("source", source).put("strange", strange);
    return Base64.getDecoder().decode(ask(question));
  }

  /** Returns the {@code repr} of a result. */
  String result(byte[] text) throws IOException {
    String base64 = new String(text, StandardCharsets.US_ASCII);
    return ask(JSON.createObjectNode().put("result", base64));
  }

  @Override
  public void close() throws IOException {
    input.close();
    process.destroyForcibly();
  }
}
