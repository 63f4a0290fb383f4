package io.polybius.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(20)
class HadoopFileSystemTest {

  @TempDir Path folder;
  private final Map<String, String> environment = new HashMap<>();

  @Test
  void withoutHadoopItIsThisMachines() throws Exception {
    assertThat(fileSystem()).isEqualTo("file:///");
    environment.put("HADOOP_CONF_DIR", folder.toString());
    assertThat(fileSystem()).isEqualTo("file:///");
    write("<configuration/>");
    assertThat(fileSystem()).isEqualTo("file:///");
  }

  @Test
  void hadoopsSettingsSayWhichItIs() throws Exception {
    write(
        """
        <?xml version="1.0" encoding="UTF-8"?>
        <?xml-stylesheet type="text/xsl" href="configuration.xsl"?>
        <configuration>
          <property><name>hadoop.tmp.dir</name><value>/tmp</value></property>
          <property>
            <name> fs.defaultFS </name>
            <value> hdfs://nn:8020 </value>
            <final>true</final>
          </property>
        </configuration>
        """);
    environment.put("HADOOP_CONF_DIR", " ");
    assertThat(fileSystem()).isEqualTo("file:///");
    environment.put("YARN_CONF_DIR", folder.toString());
    assertThat(fileSystem()).isEqualTo("hdfs://nn:8020");
    environment.put("HADOOP_CONF_DIR", folder.toString());
    assertThat(fileSystem()).isEqualTo("hdfs://nn:8020");
  }

  @Test
  void theOldNameCountsToo() throws Exception {
    write(property("fs.default.name", "hdfs://old:9000/"));
    environment.put("HADOOP_CONF_DIR", folder.toString());
    assertThat(fileSystem()).isEqualTo("hdfs://old:9000/");
  }

  @ParameterizedTest
  @ValueSource(strings = {"nn", "${nn}", "", "hdfs://nn:8020 or so"})
  void whatIsNoUriIsAProblem(String value) throws Exception {
    write(property("fs.defaultFS", value));
    environment.put("HADOOP_CONF_DIR", folder.toString());

    assertThatThrownBy(this::fileSystem)
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            "fs.defaultFS = %s (in %s): expected a URI such as hdfs://namenode:8020."
                .formatted(value, folder.resolve("core-site.xml")));
  }

  @Test
  void filesThatAreNoXmlAreAProblem() throws Exception {
    write("<configuration><property>");
    environment.put("HADOOP_CONF_DIR", folder.toString());

    assertThatThrownBy(this::fileSystem)
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith(folder.resolve("core-site.xml") + " cannot be read: ");
  }

  @Test
  void entitiesAreNotFollowed() throws Exception {
    Path secret = Files.writeString(folder.resolve("secret"), "hush");
    write(
        """
        <?xml version="1.0"?>
        <!DOCTYPE configuration [<!ENTITY secret SYSTEM "%s">]>
        <configuration>
          <property><name>fs.defaultFS</name><value>hdfs://&secret;</value></property>
        </configuration>
        """
            .formatted(secret.toUri()));
    environment.put("HADOOP_CONF_DIR", folder.toString());

    assertThatThrownBy(this::fileSystem)
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith(folder.resolve("core-site.xml") + " cannot be read: ")
        .hasMessageNotContaining("hush");
  }

  private static String property(String name, String value) {
    return "<configuration><property><name>%s</name><value>%s</value></property></configuration>"
        .formatted(name, value);
  }

  private void write(String xml) throws IOException {
    Files.writeString(folder.resolve("core-site.xml"), xml);
  }

  private String fileSystem() throws ConfigException {
    return ServerConfig.load(new Sources(folder, Map.of(), environment, Map.of()))
        .submissions()
        .defaultFileSystem();
  }
}
