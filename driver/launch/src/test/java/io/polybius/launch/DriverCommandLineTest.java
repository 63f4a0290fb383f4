package io.polybius.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class DriverCommandLineTest {

  @TempDir private Path folder;

  @Test
  void jarsOfThisMachineAreInTheClassPathHoweverTheyAreWritten() throws Exception {
    for (String jar : List.of("a.jar", "b.jar", "c.jar", "d.jar")) {
      Files.createFile(folder.resolve(jar));
    }
    String jars =
        "FOLDER/a.jar, file:FOLDER/b.jar,local:FOLDER/c.jar,local://FOLDER/d.jar,"
            + "FOLDER/none.jar,hdfs://host/e.jar,local:,a\0b.jar";
    assertThat(classPath(jars.replace("FOLDER", folder.toString())))
        .endsWith(
            ":FOLDER/a.jar:FOLDER/b.jar:FOLDER/c.jar://FOLDER/d.jar\""
                .replace("FOLDER", folder.toString()));
  }

  private String classPath(String jars) throws Exception {
    SparkInstallation spark = TestingSpark.in(folder).settings("local").sparks().choose();
    WorkDirectory directory = WorkDirectory.create(folder, "driver");
    new DriverCommandLine(spark, folder.resolve("driver.jar"), Map.of("spark.jars", jars))
        .processBuilder(directory, Optional.empty(), List.of());
    List<String> options = Files.readAllLines(directory.path().resolve("java.arguments"));
    return options.get(options.indexOf("\"-cp\"") + 1);
  }
}
