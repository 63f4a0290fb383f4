package io.polybius.driver.job;

import io.polybius.driver.protocol.DriverEvent.JobSucceeded;
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
import java.lang.invoke.SerializedLambda;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.spark.serializer.SerializationDebugger;

/**
 * Jobs and results as Polybius' client for Java writes them, with Java's own serialization. Bytes
 * that are damaged are refused before much memory is taken for them.
 */
final class JavaCodec implements JobCodec {

  private static final String DESERIALIZER = "$deserializeLambda$";

  private final ClassLoader classLoader;

  /**
   * @param classLoader of the classes of jars and statements
   */
  JavaCodec(ClassLoader classLoader) {
    this.classLoader = classLoader;
  }

  // ---- reading

  @Override
  public Job<?> read(byte[] payload) throws JobException {
    Bounds bounds = new Bounds(payload.length);
    Object read;
    try (JobStream in = new JobStream(payload)) {
      in.setObjectInputFilter(bounds);
      try {
        read = in.readObject();
      } catch (ClassNotFoundException e) {
        throw missing(e.getMessage(), in.hasLambda, e);
      } catch (IOException | LinkageError | RuntimeException e) {
        throw unreadable(e, bounds, in.hasLambda);
      }
    } catch (StackOverflowError e) {
      throw new JobException("The objects of this job are nested too deeply to be read.", e);
    } catch (OutOfMemoryError e) {
      throw new JobException(
          "There is not enough memory in the driver to read this job of "
              + payload.length
              + " bytes.",
          e);
    } catch (IOException e) {
      throw unreadable(e, bounds, false);
    }
    if (read instanceof Job<?> job) {
      return job;
    }
    throw new JobException(read == null ? "No job was sent, but null." : noJob(read.getClass()));
  }

  private static String noJob(Class<?> type) {
    for (Class<?> each = type; each != null; each = each.getSuperclass()) {
      for (Class<?> implemented : each.getInterfaces()) {
        if (implemented.getName().equals(Job.class.getName())) {
          return type.getName()
              + " implements an io.polybius.job.Job that is not the driver's. Leave that class out"
              + " of the jar, or do not set spark.driver.userClassPathFirst.";
        }
      }
    }
    return "This is no job: "
        + type.getName()
        + " does not implement io.polybius.job.Job, as what Java's own serialization has written"
        + " must.";
  }

  private static JobException missing(String name, boolean hasLambda, Throwable cause) {
    return new JobException(
        "The driver has no class "
            + String.valueOf(name).replace('/', '.')
            + ". Upload what has it (uploadClassesOf, uploadJar, addJar) before the job."
            + (hasLambda ? " A lambda needs the class in which it is written." : ""),
        cause);
  }

  private static JobException unreadable(Throwable thrown, Bounds bounds, boolean hasLambda) {
    if (bounds.broken != null) {
      return new JobException("The bytes of this job are damaged, or no job: " + bounds.broken);
    }
    for (Throwable each = thrown; each != null; each = each.getCause()) {
      if (each instanceof ClassNotFoundException || each instanceof NoClassDefFoundError) {
        return missing(each.getMessage(), hasLambda, thrown);
      }
      String lost = classWithoutLambda(each);
      if (!lost.isEmpty()) {
        return otherVersion(lost, "It has not got this lambda.", thrown);
      }
    }
    if (thrown instanceof InvalidClassException other && other.classname != null) {
      return otherVersion(other.classname, String.valueOf(other.getMessage()), thrown);
    }
    return new JobException("The bytes of this job cannot be read: " + thrown, thrown);
  }

  /** Returns the class that should have made a lambda anew, if that is what has failed. */
  private static String classWithoutLambda(Throwable thrown) {
    String message = String.valueOf(thrown.getMessage());
    if (thrown instanceof NoSuchMethodException && message.contains("." + DESERIALIZER)) {
      return message.substring(0, message.indexOf("." + DESERIALIZER));
    }
    StackTraceElement[] trace = thrown.getStackTrace();
    return thrown instanceof IllegalArgumentException
            && trace.length > 0
            && trace[0].getMethodName().equals(DESERIALIZER)
        ? trace[0].getClassName()
        : "";
  }

  private static JobException otherVersion(String name, String difference, Throwable cause) {
    return new JobException(
        "The driver's class "
            + name
            + " is not the same as the client's. "
            + difference
            + "\nUpload the jar or the classes that the client itself runs with; if the session has"
            + " an older version already, it keeps that, so take another session.",
        cause);
  }

  /** Finds classes where the session has them. */
  private final class JobStream extends ObjectInputStream {

    boolean hasLambda;

    JobStream(byte[] payload) throws IOException {
      super(new ByteArrayInputStream(payload));
    }

    @Override
    protected Class<?> resolveClass(ObjectStreamClass description)
        throws IOException, ClassNotFoundException {
      hasLambda |= description.getName().equals(SerializedLambda.class.getName());
      try {
        return Class.forName(description.getName(), false, classLoader);
      } catch (ClassNotFoundException e) {
        // It knows the primitive types.
        return super.resolveClass(description);
      }
    }

    @Override
    protected Class<?> resolveProxyClass(String[] interfaces)
        throws IOException, ClassNotFoundException {
      List<Class<?>> types = new ArrayList<>();
      for (String name : interfaces) {
        types.add(Class.forName(name, false, classLoader));
      }
      try {
        return java.lang.reflect.Proxy.newProxyInstance(
                classLoader, types.toArray(Class<?>[]::new), (proxy, method, values) -> null)
            .getClass();
      } catch (IllegalArgumentException e) {
        throw new ClassNotFoundException(String.join(", ", interfaces), e);
      }
    }
  }

  /** Does not let damaged bytes ask for more memory than they could fill. */
  private static final class Bounds implements ObjectInputFilter {

    private final SerializedBounds bounds;

    /** What was too much; null if nothing was. */
    String broken;

    Bounds(long payloadBytes) {
      this.bounds = new SerializedBounds(payloadBytes);
    }

    @Override
    public Status checkInput(FilterInfo info) {
      bounds.refusal(info).ifPresent(why -> broken = why);
      return broken == null ? Status.UNDECIDED : Status.REJECTED;
    }
  }

  // ---- writing

  @Override
  public byte[] write(Object result) throws JobException {
    LimitedBytes bytes = new LimitedBytes();
    try (ResultStream out = new ResultStream(bytes)) {
      out.writeObject(result);
      out.flush();
      return bytes.toByteArray();
    } catch (StackOverflowError e) {
      throw JobCodec.tooDeep(result, e);
    } catch (OutOfMemoryError e) {
      throw JobCodec.tooLarge(result);
    } catch (IOException | LinkageError | RuntimeException e) {
      throw bytes.isFull
          ? JobCodec.tooLarge(result)
          : new JobException(
              "The result, a "
                  + result.getClass().getName()
                  + ", cannot be serialized: "
                  + reason(result, e)
                  + "\nReturn plain data, or share the object and return its name.",
              e);
    }
  }

  /** Returns what Spark knows of the way from an object to one that cannot be serialized. */
  private static String reason(Object result, Throwable thrown) {
    if (thrown instanceof NotSerializableException unknown) {
      try {
        return SerializationDebugger.improveException(result, unknown).toString();
      } catch (LinkageError | RuntimeException e) {
        // Without the way, then.
        return thrown.toString();
      }
    }
    return thrown.toString();
  }

  /**
   * Makes plain collections of those that Scala only shows as such, as Spark's own do, for clients
   * have no Scala.
   */
  private static final class ResultStream extends ObjectOutputStream {

    private static final String WRAPPERS = "scala.collection.convert.";

    ResultStream(LimitedBytes bytes) throws IOException {
      super(bytes);
      enableReplaceObject(true);
    }

    @Override
    protected Object replaceObject(Object object) {
      if (!object.getClass().getName().startsWith(WRAPPERS)) {
        return object;
      } else if (object instanceof List<?> list) {
        return new ArrayList<>(list);
      } else if (object instanceof Map<?, ?> map) {
        return new LinkedHashMap<>(map);
      } else if (object instanceof Set<?> set) {
        return new LinkedHashSet<>(set);
      }
      return object;
    }
  }

  /** Stops when a result is too large to be sent. */
  private static final class LimitedBytes extends ByteArrayOutputStream {

    boolean isFull;

    @Override
    public synchronized void write(int value) {
      check(1);
      super.write(value);
    }

    @Override
    public synchronized void write(byte[] bytes, int offset, int length) {
      check(length);
      super.write(bytes, offset, length);
    }

    private void check(int more) {
      if (more > JobSucceeded.MAX_BYTES - count) {
        isFull = true;
        throw new IllegalStateException("full");
      }
    }
  }
}
