package io.polybius.launch;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** All jars of a Spark in one file, which is made when it is first needed. */
final class SparkArchive {

  private SparkArchive() {}

  /**
   * Returns the file for a Spark.
   *
   * @param folder where such files are kept
   */
  static synchronized Path of(SparkInstallation spark, Path folder) throws IOException {
    Files.createDirectories(folder);
    Path file = folder.resolve("spark-" + spark.sparkVersion() + "-" + digest(spark) + ".zip");
    if (!Files.isRegularFile(file)) {
      Path next = Files.createTempFile(folder, "spark-", ".zip");
      try {
        write(spark, next);
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(next);
      }
    }
    return file;
  }

  private static void write(SparkInstallation spark, Path file) throws IOException {
    try (OutputStream out = Files.newOutputStream(file);
        ZipOutputStream zip = new ZipOutputStream(out)) {
      // Jars are compressed already.
      zip.setMethod(ZipOutputStream.STORED);
      for (Path jar : spark.jars()) {
        byte[] bytes = Files.readAllBytes(jar);
        CRC32 sum = new CRC32();
        sum.update(bytes);
        ZipEntry entry = new ZipEntry(jar.getFileName().toString());
        entry.setSize(bytes.length);
        entry.setCrc(sum.getValue());
        // The same jars are the same archive, whenever and wherever it is made.
        entry.setTime(0);
        zip.putNextEntry(entry);
        zip.write(bytes);
        zip.closeEntry();
      }
    }
  }

  private static String digest(SparkInstallation spark) throws IOException {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (Path jar : spark.jars()) {
        String line = jar + " " + Files.size(jar) + " " + Files.getLastModifiedTime(jar) + "\n";
        digest.update(line.getBytes(StandardCharsets.UTF_8));
      }
      return HexFormat.of().formatHex(digest.digest(), 0, 8);
    } catch (NoSuchAlgorithmException e) {
      throw new IOException("this JVM cannot name the archive of Spark's jars", e);
    }
  }
}
