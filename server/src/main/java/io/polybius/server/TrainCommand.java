package io.polybius.server;

import io.polybius.kernel.client.KernelClient;
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
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/**
 * Does once what the server and the relay do whenever they start, so that the JVM can archive the
 * classes that it takes. The launcher script runs it after a build; it needs no Spark.
 *
 * <p>The relay is a process of its own here as elsewhere, with an archive of its own: all of an
 * archive stays in memory, and the server's classes would take a third of a relay's.
 */
@Command(name = "train", hidden = true)
final class TrainCommand implements Callable<Integer> {

  private static final Duration ANSWER_TIME = Duration.ofSeconds(10);
  private static final int SOCKETS = 5;
  private static final Duration END_TIME = Duration.ofSeconds(30);

  @Parameters(paramLabel = "FILE", description = "Where the archive of the relay is put.")
  private Path relayArchive;

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
        relay(
            installation.home(),
            server.uri(),
            folder.folder("kernel").resolve("kernel-train.json"));
      }
    }
    return 0;
  }

  private void relay(Path home, URI server, Path connectionFile)
      throws IOException, InterruptedException, TimeoutException {
    List<Integer> ports = freePorts();
    ConnectionFile.onLoopback("train")
        .withPorts(ports.get(0), ports.get(1), ports.get(2), ports.get(3), ports.get(4))
        .write(connectionFile);
    Process relay =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:ArchiveClassesAtExit=" + relayArchive,
                "-XX:ErrorFile=/dev/null",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-Dpolybius.home=" + home,
                "-cp",
                System.getProperty("java.class.path"),
                ServerMain.class.getName(),
                KernelCommand.NAME,
                "--server",
                server.toString(),
                "-f",
                connectionFile.toString())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    try (KernelClient client = new KernelClient(ConnectionFile.read(connectionFile))) {
      client.kernelInfo(ANSWER_TIME);
      // Writes its archive before it ends.
      relay.destroy();
      if (!relay.waitFor(END_TIME.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new TimeoutException("the relay did not end in time");
      }
    } finally {
      relay.destroyForcibly();
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
