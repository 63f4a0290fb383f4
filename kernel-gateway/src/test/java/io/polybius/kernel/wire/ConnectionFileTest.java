package io.polybius.kernel.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(10)
class ConnectionFileTest {

  @TempDir Path directory;

  @Test
  void fileOfJupyterIsRead() throws IOException {
    Path path = directory.resolve("kernel-1.json");
    Files.writeString(
        path,
        """
        {"shell_port": 1, "iopub_port": 2, "stdin_port": 3, "control_port": 4, "hb_port": 5,
         "ip": "127.0.0.1", "key": "k", "transport": "tcp", "signature_scheme": "hmac-sha256",
         "kernel_name": "polybius", "jupyter_session": "/x.ipynb"}
        """);

    assertThat(ConnectionFile.read(path))
        .isEqualTo(
            new ConnectionFile(
                "tcp", "127.0.0.1", 1, 2, 3, 4, 5, "k", "hmac-sha256", "polybius", "", ""));
  }

  @Test
  void writtenFileIsForItsOwnerOnlyAndReadBackTheSame() throws IOException {
    Path path = directory.resolve("kernel-2.json");
    ConnectionFile file = ConnectionFile.onLoopback("spark").withPorts(1, 2, 3, 4, 5);

    file.write(path);
    file.write(path);

    assertThat(ConnectionFile.read(path)).isEqualTo(file);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
        .isEqualTo("rw-------");
    try (Stream<Path> all = Files.list(directory)) {
      assertThat(all).containsExactly(path);
    }
    assertThat(Files.readString(path)).contains("\"hb_port\":5").contains("\"shell_port\":1");
  }

  @Test
  void keysOfEncryptedSocketsAreReadAndWrittenAndNotShown() throws IOException {
    Path path = directory.resolve("kernel-3.json");
    ConnectionFile plain = ConnectionFile.onLoopback("spark").withPorts(1, 2, 3, 4, 5);
    ConnectionFile file = plain.withCurve("p".repeat(40), "s".repeat(40));
    file.write(path);

    assertThat(ConnectionFile.read(path)).isEqualTo(file);
    assertThat(file.isEncrypted()).isTrue();
    assertThat(file.toString()).doesNotContain("sss");
    assertThat(Files.readString(path)).contains("\"curve_secretkey\":\"sss");

    plain.write(path);
    assertThat(Files.readString(path)).doesNotContain("curve", "encrypted");
  }

  @Test
  void keysAreLongAndNeverTheSameAndNotShown() {
    ConnectionFile file = ConnectionFile.onLoopback("spark");

    assertThat(file.key()).hasSize(64).isNotEqualTo(ConnectionFile.onLoopback("spark").key());
    assertThat(file.toString()).doesNotContain(file.key());
  }

  @Test
  void otherFilesAreRefused() throws IOException {
    Path path = directory.resolve("x.json");
    for (String text :
        new String[] {
          "",
          "[]",
          "{\"transport\":\"ipc\"}",
          "{\"shell_port\":70000}",
          "{\"curve_publickey\":\"" + "p".repeat(40) + "\"}",
          "{\"curve_publickey\":\"short\",\"curve_secretkey\":\"short\"}"
        }) {
      Files.writeString(path, text);
      assertThatThrownBy(() -> ConnectionFile.read(path))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("x.json");
    }
    assertThatThrownBy(() -> ConnectionFile.read(directory.resolve("none")))
        .isInstanceOf(IOException.class);
  }
}
