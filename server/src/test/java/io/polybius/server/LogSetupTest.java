package io.polybius.server;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class LogSetupTest {

  @Test
  void logsOnStandardErrorFromInfoUp() {
    PrintStream before = System.err;
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    LoggerContext logging = new LoggerContext();
    logging.setMDCAdapter(new LogbackMDCAdapter());
    System.setErr(new PrintStream(printed, true, StandardCharsets.UTF_8));
    try {
      LogSetup.setUp(logging);
      logging.getLogger("io.polybius.Thing").info("seen");
      logging.getLogger("io.polybius.Thing").debug("unseen");
      logging.getLogger("io.undertow.request").info("unseen");
    } finally {
      System.setErr(before);
      logging.stop();
    }
    assertThat(printed.toString(StandardCharsets.UTF_8))
        .matches("\\d\\d:\\d\\d:\\d\\d\\.\\d{3} INFO  Thing: seen\n");
  }

  @Test
  void logbackFindsItAndTestsReplaceIt() {
    assertThat(ServiceLoader.load(Configurator.class))
        .filteredOn(LogSetup.class::isInstance)
        .singleElement()
        .extracting(found -> found.configure(new LoggerContext()))
        .isEqualTo(Configurator.ExecutionStatus.NEUTRAL);
  }
}
