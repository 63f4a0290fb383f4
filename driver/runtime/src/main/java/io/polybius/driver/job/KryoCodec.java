package io.polybius.driver.job;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.KryoException;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import com.esotericsoftware.kryo.serializers.ClosureSerializer;
import com.esotericsoftware.kryo.serializers.CollectionSerializer;
import com.esotericsoftware.kryo.serializers.DefaultArraySerializers;
import io.polybius.driver.protocol.DriverEvent.JobSucceeded;
import java.lang.invoke.SerializedLambda;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.livy.Job;
import org.objenesis.strategy.StdInstantiatorStrategy;

/**
 * Jobs and results as the clients of Livy 0.8 and later write them, with Kryo 4. How Kryo is set up
 * here is a part of that format. Bytes that are something else are refused before much memory is
 * taken for them.
 *
 * <p>For one job: what goes wrong leaves a Kryo in disorder.
 */
final class KryoCodec implements JobCodec {

  /** Deeper ones would overflow the stack, perhaps while a class is set up, which breaks it. */
  private static final int MAX_DEPTH = 3000;

  private static final int FIRST_BUFFER_BYTES = 4096;

  /** How Kryo writes null, the name of a class, and a lambda. */
  private static final int NULL = 0;

  private static final int NAMED_CLASS = 1;
  private static final int LAMBDA = 13;

  private static final Pattern CLASS_NAME =
      Pattern.compile("[\\p{L}_$][\\p{L}\\p{N}_$.;/\\[-]{0,500}");

  private static final String WANTED =
      " A job of kind spark is what Polybius' client for Java sends, or those of Livy 0.8 and later"
          + " for Java and Scala, written with Kryo 4.";

  private final ClassLoader classLoader;
  private final Kryo kryo;

  /**
   * @param classLoader of the classes of jars and statements
   */
  KryoCodec(ClassLoader classLoader) {
    this.classLoader = classLoader;
    this.kryo = new CheckingKryo();
    kryo.setInstantiatorStrategy(
        new Kryo.DefaultInstantiatorStrategy(new StdInstantiatorStrategy()));
    kryo.register(SerializedLambda.class);
    kryo.register(ClosureSerializer.Closure.class, new ClosureSerializer());
    kryo.setClassLoader(classLoader);
    kryo.setMaxDepth(MAX_DEPTH);
  }

  // ---- reading

  @Override
  public Job<?> read(byte[] payload) throws JobException {
    checkForm(payload);
    checkClass(payload);
    Object read;
    try {
      read = kryo.readClassAndObject(new CheckedInput(payload));
    } catch (StackOverflowError e) {
      throw tooDeepToRead(e);
    } catch (OutOfMemoryError e) {
      throw new JobException(
          "There is not enough memory in the driver to read this job of "
              + payload.length
              + " bytes; or they are no job, and the size that they claim is not true."
              + WANTED,
          e);
    } catch (LinkageError | RuntimeException e) {
      throw isTooDeep(e) ? tooDeepToRead(e) : unreadable(e);
    }
    if (read instanceof Job<?> job) {
      return job;
    }
    throw new JobException(
        read == null ? "No job was sent, but null." : noJob(read.getClass().getName()));
  }

  private static JobException tooDeepToRead(Throwable cause) {
    return new JobException("The objects of this job are nested too deeply to be read.", cause);
  }

  /** Whether it is Kryo's error of objects that are nested more deeply than {@link #MAX_DEPTH}. */
  private static boolean isTooDeep(Throwable thrown) {
    return thrown instanceof KryoException
        && String.valueOf(thrown.getMessage()).startsWith("Max depth exceeded");
  }

  /** Refuses what is known to be something else. */
  private static void checkForm(byte[] payload) throws JobException {
    String other = "";
    if (payload.length == 0) {
      other = "nothing at all";
    } else if (startsWith(payload, 0x80) && payload.length > 1 && payload[1] <= 5) {
      other = "a pickle of Python, which is a job of kind pyspark";
    } else if (startsWith(payload, 0xCA, 0xFE, 0xBA, 0xBE)) {
      other = "a class file";
    } else if (startsWith(payload, 'P', 'K', 3, 4)) {
      other = "a jar; jars are uploaded beside jobs";
    }
    if (!other.isEmpty()) {
      throw new JobException("This job is " + other + "." + WANTED);
    }
  }

  private static boolean startsWith(byte[] payload, int... start) {
    for (int i = 0; i < start.length; i++) {
      if (payload.length <= i || (payload[i] & 0xFF) != start[i]) {
        return false;
      }
    }
    return true;
  }

  /** Looks which class the bytes begin with, before anything is made of them. */
  private void checkClass(byte[] payload) throws JobException {
    if (payload[0] == LAMBDA || payload[0] == NULL) {
      return;
    }
    String name = payload[0] == NAMED_CLASS ? nameOfClass(payload) : "";
    if (!CLASS_NAME.matcher(name).matches()) {
      throw new JobException("The bytes of this job are not readable." + WANTED);
    } else if (name.contains("/") || name.contains("$$Lambda")) {
      throw new JobException(
          "This job is a lambda that was written by an older version of Livy's client, which cannot"
              + " send lambdas. Make it a class that implements org.apache.livy.Job, or take a"
              + " client of version 0.8 or later.");
    }
    Class<?> type;
    try {
      type = Class.forName(name, false, classLoader);
    } catch (ClassNotFoundException | LinkageError e) {
      throw missing(name, e);
    }
    if (!Job.class.isAssignableFrom(type)) {
      throw new JobException(otherJob(type).orElseGet(() -> noJob(name)));
    }
  }

  private static String nameOfClass(byte[] payload) {
    Input input = new CheckedInput(payload);
    try {
      input.setPosition(1);
      // The number that the name gets, and the name.
      return input.readVarInt(true) == 0 ? String.valueOf(input.readString()) : "";
    } catch (RuntimeException e) {
      return "";
    }
  }

  private static String noJob(String name) {
    return "This is no job: " + name + " does not implement org.apache.livy.Job.";
  }

  /** Says so if a class is a job of a copy of Livy's that came with the user's jar. */
  private static Optional<String> otherJob(Class<?> type) {
    for (Class<?> each = type; each != null; each = each.getSuperclass()) {
      for (Class<?> implemented : each.getInterfaces()) {
        if (implemented.getName().equals(Job.class.getName())) {
          return Optional.of(
              type.getName()
                  + " implements an org.apache.livy.Job that is not the driver's: it was loaded by "
                  + implemented.getClassLoader()
                  + ", the driver's by "
                  + Job.class.getClassLoader()
                  + ". Leave Livy's classes out of the jar, or do not set"
                  + " spark.driver.userClassPathFirst.");
        }
      }
    }
    return Optional.empty();
  }

  private static JobException missing(String name, Throwable cause) {
    return new JobException(
        "The driver has no class "
            + name
            + ". Upload the jar that has it (uploadJar, addJar) before the job."
            + (cause instanceof LinkageError ? " " + cause : ""),
        cause);
  }

  private static JobException unreadable(Throwable thrown) {
    for (Throwable each = thrown; each != null; each = each.getCause()) {
      if (each instanceof ClassNotFoundException) {
        return missing(String.valueOf(each.getMessage()), thrown);
      }
    }
    return new JobException(
        "The bytes of this job cannot be read: "
            + firstLines(thrown)
            + "\nThat is so if a class is not the same on both sides, or if another version has"
            + " written them."
            + WANTED,
        thrown);
  }

  private static String firstLines(Throwable thrown) {
    String text = thrown instanceof KryoException ? thrown.getMessage() : thrown.toString();
    return String.valueOf(text).lines().limit(20).collect(Collectors.joining("\n"));
  }

  // ---- writing

  @Override
  public byte[] write(Object result) throws JobException {
    LimitedOutput output = new LimitedOutput();
    try {
      kryo.writeClassAndObject(output, result);
      return output.toBytes();
    } catch (StackOverflowError e) {
      throw JobCodec.tooDeep(result, e);
    } catch (OutOfMemoryError e) {
      throw JobCodec.tooLarge(result);
    } catch (LinkageError | RuntimeException e) {
      if (output.isFull) {
        throw JobCodec.tooLarge(result);
      } else if (isTooDeep(e)) {
        throw JobCodec.tooDeep(result, e);
      }
      throw new JobException(
          "The result, a "
              + result.getClass().getName()
              + ", cannot be serialized: "
              + firstLines(e)
              + "\nReturn plain data, or share the object and return its name.",
          e);
    }
  }

  /**
   * Does not let damaged bytes ask for arrays and lists that are longer than what is left. Writes
   * plain collections in place of those of Java that it could not read, such as what {@code
   * collectAsList} returns.
   */
  private static final class CheckingKryo extends Kryo {

    private static final Pattern UNREADABLE =
        Pattern.compile("java\\.util\\.(Arrays\\$|ImmutableCollections\\$|Collections\\$Unmod).*");

    private static final Set<Class<?>> TAKE_MEMORY_FIRST =
        Set.of(
            DefaultArraySerializers.ObjectArraySerializer.class,
            DefaultArraySerializers.StringArraySerializer.class,
            DefaultArraySerializers.BooleanArraySerializer.class,
            CollectionSerializer.class);

    @Override
    public void writeClassAndObject(Output output, Object object) {
      super.writeClassAndObject(output, readable(object));
    }

    private static Object readable(Object object) {
      if (object == null || !UNREADABLE.matcher(object.getClass().getName()).matches()) {
        return object;
      } else if (object instanceof List<?> list) {
        return new ArrayList<>(list);
      } else if (object instanceof Set<?> set) {
        return new LinkedHashSet<>(set);
      } else if (object instanceof Map<?, ?> map) {
        return new LinkedHashMap<>(map);
      }
      return object;
    }

    @Override
    @SuppressWarnings({"rawtypes", "unchecked"})
    public Serializer getDefaultSerializer(Class type) {
      Serializer found = super.getDefaultSerializer(type);
      return TAKE_MEMORY_FIRST.contains(found.getClass()) ? new LengthChecked(found) : found;
    }
  }

  /** Looks at a length before somebody believes it. */
  private static final class LengthChecked extends Serializer<Object> {

    private final Serializer<Object> serializer;

    LengthChecked(Serializer<Object> serializer) {
      super(serializer.getAcceptsNull(), serializer.isImmutable());
      this.serializer = serializer;
    }

    @Override
    public void write(Kryo kryo, Output output, Object object) {
      serializer.write(kryo, output, object);
    }

    @Override
    public Object read(Kryo kryo, Input input, Class<Object> type) {
      int start = input.position();
      int length = input.readVarInt(true);
      if (input instanceof CheckedInput checked) {
        checked.check(length - 1, 1);
      }
      input.setPosition(start);
      return serializer.read(kryo, input, type);
    }

    @Override
    @SuppressWarnings("rawtypes")
    public void setGenerics(Kryo kryo, Class[] generics) {
      serializer.setGenerics(kryo, generics);
    }

    @Override
    public Object copy(Kryo kryo, Object original) {
      return serializer.copy(kryo, original);
    }
  }

  /** Does not let damaged bytes ask for more memory than they could fill. */
  private static final class CheckedInput extends Input {

    CheckedInput(byte[] bytes) {
      super(bytes);
    }

    /**
     * @param count how many are to follow
     * @param bytes how much each takes at least
     */
    void check(int count, int bytes) {
      if (count > 0 && (long) count * bytes > limit - position) {
        throw new KryoException(
            count + " elements are to follow, but there are only " + (limit - position) + " bytes");
      }
    }

    /** Strings that are not plain ASCII have a length before them: six bits, then seven each. */
    private void checkText() {
      if (position >= limit || (buffer[position] & 0x80) == 0) {
        return;
      }
      int at = position;
      long length = buffer[at] & 0x3F;
      boolean goesOn = (buffer[at] & 0x40) != 0;
      for (int shift = 6; goesOn && shift <= 27 && ++at < limit; shift += 7) {
        length |= (long) (buffer[at] & 0x7F) << shift;
        goesOn = (buffer[at] & 0x80) != 0;
      }
      check((int) Math.min(length - 1, Integer.MAX_VALUE), 1);
    }

    @Override
    public String readString() {
      checkText();
      return super.readString();
    }

    @Override
    public StringBuilder readStringBuilder() {
      checkText();
      return super.readStringBuilder();
    }

    @Override
    public byte[] readBytes(int length) {
      check(length, 1);
      return super.readBytes(length);
    }

    @Override
    public int[] readInts(int length, boolean optimizePositive) {
      check(length, 1);
      return super.readInts(length, optimizePositive);
    }

    @Override
    public long[] readLongs(int length, boolean optimizePositive) {
      check(length, 1);
      return super.readLongs(length, optimizePositive);
    }

    @Override
    public int[] readInts(int length) {
      check(length, Integer.BYTES);
      return super.readInts(length);
    }

    @Override
    public long[] readLongs(int length) {
      check(length, Long.BYTES);
      return super.readLongs(length);
    }

    @Override
    public float[] readFloats(int length) {
      check(length, Float.BYTES);
      return super.readFloats(length);
    }

    @Override
    public short[] readShorts(int length) {
      check(length, Short.BYTES);
      return super.readShorts(length);
    }

    @Override
    public char[] readChars(int length) {
      check(length, Character.BYTES);
      return super.readChars(length);
    }

    @Override
    public double[] readDoubles(int length) {
      check(length, Double.BYTES);
      return super.readDoubles(length);
    }
  }

  /** Stops when a result is too large to be sent. */
  private static final class LimitedOutput extends Output {

    boolean isFull;

    LimitedOutput() {
      super(FIRST_BUFFER_BYTES, JobSucceeded.MAX_BYTES);
    }

    @Override
    protected boolean require(int required) {
      if (required > maxCapacity - position) {
        isFull = true;
      }
      return super.require(required);
    }
  }
}
