package io.polybius.server;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ConfiguratorRank;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.spi.ContextAwareBase;
import java.util.List;
import org.slf4j.Logger;

/**
 * What is logged, and where: on standard error, from level INFO up or from the one that the system
 * property {@value #LEVEL} names. Found by Logback itself. In code, because reading the same from
 * an XML file takes a good part of the time in which a kernel's relay starts; an operator's file,
 * or that of a test, replaces it.
 */
@ConfiguratorRank(ConfiguratorRank.CUSTOM_HIGH_PRIORITY)
public final class LogSetup extends ContextAwareBase implements Configurator {

  static final String LEVEL = "polybius.log.level";
  private static final String PATTERN = "%d{HH:mm:ss.SSS} %-5level %logger{0}: %msg%n";
  private static final List<String> QUIET =
      List.of("io.undertow", "org.jboss", "org.xnio", "org.apache.hadoop", "io.fabric8");
  // Warns in each process that Hadoop has no library of C for this machine, which is not needed.
  private static final String MUTE = "org.apache.hadoop.util.NativeCodeLoader";

  @Override
  public ExecutionStatus configure(LoggerContext logging) {
    if (System.getProperty("logback.configurationFile") != null
        || LogSetup.class.getResource("/logback-test.xml") != null) {
      return ExecutionStatus.NEUTRAL;
    }
    setUp(logging);
    return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
  }

  static void setUp(LoggerContext logging) {
    PatternLayoutEncoder encoder = new PatternLayoutEncoder();
    encoder.setContext(logging);
    encoder.setPattern(PATTERN);
    encoder.start();
    ConsoleAppender<ILoggingEvent> standardError = new ConsoleAppender<>();
    standardError.setContext(logging);
    standardError.setTarget("System.err");
    standardError.setEncoder(encoder);
    standardError.start();
    ch.qos.logback.classic.Logger root = logging.getLogger(Logger.ROOT_LOGGER_NAME);
    root.setLevel(Level.toLevel(System.getProperty(LEVEL), Level.INFO));
    root.addAppender(standardError);
    QUIET.forEach(name -> logging.getLogger(name).setLevel(Level.WARN));
    logging.getLogger(MUTE).setLevel(Level.ERROR);
  }
}
