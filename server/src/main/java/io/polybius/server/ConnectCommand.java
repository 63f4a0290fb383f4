package io.polybius.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.polybius.server.client.ServerClient;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Makes a running session reachable for Jupyter's clients on the server's machine. */
@Command(
    name = "connect",
    description = "Write a connection file for a running session, for jupyter's --existing.")
final class ConnectCommand implements Callable<Integer> {

  @Parameters(paramLabel = "SESSION", description = "The session's id or name.")
  private String session;

  @Option(
      names = "--server",
      paramLabel = "URL",
      defaultValue = KernelCommand.DEFAULT_SERVER,
      description = "The server's address (default: ${DEFAULT-VALUE}).")
  private URI server;

  @Spec private CommandSpec spec;

  /** Returns a text as a part of a path, where a plus sign is no space. */
  private static String inPath(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    JsonNode kernel =
        ServerClient.fromEnvironment(server, System.getenv())
            .post(
                "/sessions/" + inPath(session) + "/kernel", JsonNodeFactory.instance.objectNode());
    String file = kernel.path("connection_file").asText();
    PrintWriter out = spec.commandLine().getOut();
    out.println(file);
    spec.commandLine().getErr().println("jupyter console --existing " + file);
    return 0;
  }
}
