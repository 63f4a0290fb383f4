package io.polybius.server.config;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.SAXException;
import org.xml.sax.helpers.DefaultHandler;

/** Finds the file system that Hadoop takes a path to be of when it names none. */
final class HadoopFileSystem {

  /** That of this machine. */
  static final String LOCAL = "file:///";

  private HadoopFileSystem() {}

  /**
   * Returns its URI.
   *
   * @throws IOException if Hadoop's settings cannot be read; the message is for the operator
   */
  static String byDefault(Sources sources) throws IOException {
    Optional<Path> file =
        Stream.of("HADOOP_CONF_DIR", "YARN_CONF_DIR")
            .flatMap(name -> sources.variable(name).stream())
            .map(folder -> Path.of(folder).resolve("core-site.xml"))
            .filter(Files::isRegularFile)
            .findFirst();
    return file.isPresent() ? in(file.get()) : LOCAL;
  }

  private static String in(Path file) throws IOException {
    String found = LOCAL;
    NodeList properties = parse(file).getElementsByTagName("property");
    for (int i = 0; i < properties.getLength(); i++) {
      Element property = (Element) properties.item(i);
      String name = text(property, "name");
      if (name.equals("fs.defaultFS") || name.equals("fs.default.name")) {
        found = text(property, "value");
      }
    }
    if (!isFileSystem(found)) {
      throw new IOException(
          "fs.defaultFS = %s (in %s): expected a URI such as hdfs://namenode:8020."
              .formatted(found, file));
    }
    return found;
  }

  private static Element parse(Path file) throws IOException {
    try {
      DocumentBuilderFactory factory = DocumentBuilderFactory.newDefaultInstance();
      // Without a document type there are no entities, and so none that name other files.
      factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
      DocumentBuilder parser = factory.newDocumentBuilder();
      // The standard one prints what is wrong, on top of throwing it.
      parser.setErrorHandler(new DefaultHandler());
      return parser.parse(file.toFile()).getDocumentElement();
    } catch (ParserConfigurationException | SAXException | IOException e) {
      throw new IOException("%s cannot be read: %s".formatted(file, e.getMessage()), e);
    }
  }

  private static String text(Element property, String name) {
    NodeList found = property.getElementsByTagName(name);
    return found.getLength() == 0 ? "" : found.item(0).getTextContent().strip();
  }

  private static boolean isFileSystem(String text) {
    try {
      return URI.create(text).getScheme() != null;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }
}
