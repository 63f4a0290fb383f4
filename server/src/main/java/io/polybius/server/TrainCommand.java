package io.polybius.server;

import io.polybius.kernel.client.KernelClient;
import io.polybius.kernel.relay.KernelRelay;
import io.polybius.kernel.relay.RelayOptions;
import io.polybius.kernel.wire.ConnectionFile;
import io.polybius.server.client.ServerClient;
import io.polybius.server.config.ConfigException;
import io.polybius.server.config.ServerConfig;
import io.polybius.server.config.Sources;
import io.polybius.server.files.PrivateFolder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeoutException;
import picocli.CommandLine.Command;

/**
 * Does once what the server and the relay do whenever they start, so that the JVM can archive the
 * classes that it takes. The launcher script runs it after a build; it needs no Spark.
 */
@Command(name = "train", hidden = true)
final class TrainCommand implements Callable<Integer> {

  private static final Duration ANSWER_TIME = Duration.ofSeconds(10);
  private static final int SOCKETS = 5;
  private static final Duration END_TIME = Duration.ofSeconds(10);

  @Override
  public Integer call()
      throws CommandException,
          ConfigException,
          IOException,
          InterruptedException,
          TimeoutException {
    Installation installation = Installation.ofThisProcess();
    try (PrivateFolder folder = new PrivateFolder(Optional.empty())) {
      Map<String, String> settings =
          Map.of(
              "livy.server.host",
              "127.0.0.1",
              "livy.server.port",
              "0",
              "polybius.server.token-file",
              "",
              "polybius.server.access-log-dir",
              "off",
              "polybius.server.prespawned-drivers",
              "0",
              // Where there is no Spark, no driver is started.
              "livy.server.spark-home",
              folder.folder("no-spark").toString());
      ServerConfig config = ServerConfig.load(Sources.ofThisProcess(installation.home(), settings));
      try (ServerAssembly server = ServerProcess.start(config, installation)) {
        new ServerClient(server.uri()).get("/version");
        relay(server.uri(), folder.folder("kernel").resolve("kernel-train.json"));
      }
    }
    return 0;
  }

  private static void relay(URI server, Path connectionFile)
      throws IOException, InterruptedException, TimeoutException {
    List<Integer> ports = freePorts();
    ConnectionFile.onLoopback("train")
        .withPorts(ports.get(0), ports.get(1), ports.get(2), ports.get(3), ports.get(4))
        .write(connectionFile);
    Thread relay =
        new Thread(
            () ->
                KernelRelay.run(
                    new RelayOptions(
                        server,
                        connectionFile,
                        "spark",
                        Optional.empty(),
                        RelayOptions.DEFAULT_PATIENCE),
                    Map.of()),
            "relay");
    relay.start();
    try (KernelClient client = new KernelClient(ConnectionFile.read(connectionFile))) {
      client.kernelInfo(ANSWER_TIME);
    } finally {
      relay.interrupt();
      relay.join(END_TIME.toMillis());
    }
  }

  /** Returns ports for a kernel's sockets, as Jupyter chooses them. */
  private static List<Integer> freePorts() throws IOException {
    List<ServerSocket> sockets = new ArrayList<>();
    try {
      while (sockets.size() < SOCKETS) {
        sockets.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
      }
      return sockets.stream().map(ServerSocket::getLocalPort).toList();
    } finally {
      for (ServerSocket socket : sockets) {
        socket.close();
      }
    }
  }
}
