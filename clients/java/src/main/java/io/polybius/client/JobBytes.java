package io.polybius.client;

import com.fasterxml.jackson.databind.JsonNode;
import io.polybius.job.Job;
import io.polybius.job.SerializedBounds;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InvalidClassException;
import java.io.NotSerializableException;
import java.io.ObjectInputFilter;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.ObjectStreamClass;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/** Jobs and what they return as bytes, by Java's own serialization. */
final class JobBytes {

  private static final byte[] BEFORE =
      "{\"jobType\":\"spark\",\"job\":\"".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] AFTER = "\"}".getBytes(StandardCharsets.US_ASCII);

  private JobBytes() {}

  /** Makes a value of what the server has sent. */
  interface Reader<T> {
    /**
     * Returns the value.
     *
     * @param bytes null for null
     */
    T read(byte[] bytes);
  }

  /** Returns the request that sends a job. */
  static byte[] requestOf(Job<?> job) {
    byte[] base64 = Base64.getEncoder().encode(write(job));
    byte[] request = new byte[BEFORE.length + base64.length + AFTER.length];
    System.arraycopy(BEFORE, 0, request, 0, BEFORE.length);
    System.arraycopy(base64, 0, request, BEFORE.length, base64.length);
    System.arraycopy(AFTER, 0, request, BEFORE.length + base64.length, AFTER.length);
    return request;
  }

  private static byte[] write(Job<?> job) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(job);
    } catch (NotSerializableException e) {
      throw new IllegalArgumentException(
          "The job refers to a "
              + e.getMessage()
              + ", which is not serializable. A lambda that uses a field or a method of its object"
              + " takes that whole object along: copy what it needs into a local variable before"
              + " it, or make the class implement java.io.Serializable.",
          e);
    } catch (IOException e) {
      throw new IllegalArgumentException("The job cannot be serialized: " + e, e);
    }
    return bytes.toByteArray();
  }

  /**
   * Returns what makes values of any type, with the classes that the calling thread sees.
   *
   * @param allowed says what may be made; null for all
   */
  @SuppressWarnings("unchecked")
  static <T> Reader<T> reader(ObjectInputFilter allowed) {
    ClassLoader classLoader = Thread.currentThread().getContextClassLoader();
    return bytes -> (T) read(bytes, classLoader, allowed);
  }

  /**
   * Returns what makes values of one type, with the classes that the calling thread sees.
   *
   * @param allowed says what may be made; null for all
   */
  static <T> Reader<T> reader(Class<T> type, ObjectInputFilter allowed) {
    ClassLoader classLoader = Thread.currentThread().getContextClassLoader();
    return bytes -> {
      Object value = read(bytes, classLoader, allowed);
      if (value != null && !type.isInstance(value)) {
        throw new PolybiusException(
            "The job has returned a "
                + value.getClass().getName()
                + ", which is no "
                + type.getName()
                + ".");
      }
      return type.cast(value);
    };
  }

  private static Object read(byte[] bytes, ClassLoader classLoader, ObjectInputFilter allowed) {
    if (bytes == null) {
      return null;
    }
    ResultFilter filter = new ResultFilter(bytes.length, allowed);
    try (ObjectInputStream in = new ResultStream(bytes, classLoader)) {
      filter.guard(in);
      return in.readObject();
    } catch (ClassNotFoundException | NoClassDefFoundError e) {
      throw new PolybiusException(
          "The job has returned an object whose class this program has not got: "
              + String.valueOf(e.getMessage()).replace('/', '.')
              + ". Add its jar to the class path, or have the job return plain data.",
          e);
    } catch (InvalidClassException e) {
      if (filter.refusal() != null) {
        throw new PolybiusException(
            "What the job has returned is not read: " + filter.refusal(), e);
      }
      throw new PolybiusException(
          "The class of what the job has returned is not the same here as in the driver: "
              + e.getMessage()
              + ". Use the same version of its jar on both sides.",
          e);
    } catch (StackOverflowError e) {
      throw new PolybiusException(
          "What the job has returned is not read: its objects are nested too deeply.", e);
    } catch (IOException | RuntimeException e) {
      throw new PolybiusException(
          "What the job has returned cannot be read here: "
              + e
              + (SerializedBounds.isSerialized(bytes)
                  ? ""
                  : "\nThe job was not sent by this client, but in another form."),
          e);
    }
  }

  static JobState stateOf(JsonNode status) {
    String text = status.path("state").asText();
    try {
      return JobState.valueOf(text);
    } catch (IllegalArgumentException e) {
      throw new PolybiusException("The server says of a job that it is '" + text + "'.", e);
    }
  }

  /** Finds classes where the program that has sent the job finds them. */
  private static final class ResultStream extends ObjectInputStream {

    private final ClassLoader classLoader;

    ResultStream(byte[] bytes, ClassLoader classLoader) throws IOException {
      super(new ByteArrayInputStream(bytes));
      this.classLoader = classLoader;
    }

    @Override
    protected Class<?> resolveClass(ObjectStreamClass description)
        throws IOException, ClassNotFoundException {
      try {
        return Class.forName(description.getName(), false, classLoader);
      } catch (ClassNotFoundException e) {
        // It knows the primitive types, and the classes of who calls.
        return super.resolveClass(description);
      }
    }
  }
}
