package io.polybius.driver.protocol;

import com.esotericsoftware.kryo.kryo5.Kryo;
import com.esotericsoftware.kryo.kryo5.KryoException;
import com.esotericsoftware.kryo.kryo5.io.Input;
import com.esotericsoftware.kryo.kryo5.io.Output;
import com.esotericsoftware.kryo.kryo5.serializers.CollectionSerializer;
import com.esotericsoftware.kryo.kryo5.serializers.DefaultArraySerializers.ByteArraySerializer;
import com.esotericsoftware.kryo.kryo5.serializers.DefaultSerializers.EnumSerializer;
import com.esotericsoftware.kryo.kryo5.serializers.DefaultSerializers.StringSerializer;
import com.esotericsoftware.kryo.kryo5.serializers.MapSerializer;
import com.esotericsoftware.kryo.kryo5.serializers.RecordSerializer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The classes that may cross the link, each with its number. Nothing else can be written or read.
 *
 * <p>A number is never given to another class. A record that changes its components gets a new
 * number together with a new entry here.
 */
final class WireTable {

  private static final int FIRST_ID = 10;

  private final Kryo kryo = new Kryo();

  /** Makes a table of its own, because one must not be used by two threads. */
  WireTable() {
    this(Map.of());
  }

  /**
   * Makes a table that has more classes than those of the link.
   *
   * @param more records, enumerations, optional values and kinds of maps, by their numbers
   */
  WireTable(Map<Integer, Class<?>> more) {
    kryo.setRegistrationRequired(true);
    kryo.setReferences(false);
    kryo.setMaxDepth(16);

    kryo.register(String.class, new StringWithinFrame());
    list(FIRST_ID, List.of().getClass());
    list(FIRST_ID + 1, List.of("").getClass());
    kryo.register(byte[].class, new BytesWithinFrame(), FIRST_ID + 2);

    record(20, LinkFrame.Hello.class);
    record(21, LinkFrame.Welcome.class);
    record(22, LinkFrame.Payload.class);
    record(23, LinkFrame.Acknowledge.class);
    record(24, LinkFrame.Heartbeat.class);
    record(25, LinkFrame.Goodbye.class);

    record(40, DriverCommand.Execute.class);
    record(41, DriverCommand.Cancel.class);
    record(42, DriverCommand.CheckCompleteness.class);
    record(43, DriverCommand.Shutdown.class);
    record(44, DriverCommand.StartSpark.class);
    record(45, DriverCommand.Complete.class);
    record(46, DriverCommand.Inspect.class);
    record(47, DriverCommand.AnswerInput.class);
    record(48, DriverCommand.HandleComm.class);
    record(49, ExecuteOptions.class);
    record(50, ExecuteOptions.Expression.class);

    record(60, DriverEvent.DriverReady.class);
    record(61, DriverEvent.DriverFailed.class);
    record(62, DriverEvent.StatementPutOut.class);
    record(63, DriverEvent.StatementProgressed.class);
    record(64, DriverEvent.StatementSucceeded.class);
    record(65, DriverEvent.StatementFailed.class);
    record(66, DriverEvent.CompletenessChecked.class);
    record(67, DriverEvent.Completed.class);
    record(68, DriverEvent.Inspected.class);
    record(69, DriverEvent.InputRequested.class);
    record(70, DriverEvent.CommHandled.class);
    record(71, DriverEvent.CommSent.class);
    record(72, Candidate.class);
    record(73, ExpressionResult.Evaluated.class);
    record(74, ExpressionResult.NotEvaluated.class);

    record(80, StatementOutput.StreamText.class);
    record(81, StatementOutput.Echo.class);
    record(82, StatementOutput.Value.class);
    record(83, StatementOutput.Display.class);
    record(84, MimeBundle.class);
    record(85, MimeBundle.Entry.class);
    record(86, StatementError.class);
    record(87, StatementOutput.DisplayUpdate.class);
    record(88, StatementOutput.Clear.class);
    record(89, StatementOutput.Page.class);
    enumeration(90, StatementError.Origin.class);
    enumeration(91, StreamName.class);
    enumeration(92, Completeness.class);
    record(93, StatementOutput.NextInput.class);
    record(94, CommMessage.class);
    enumeration(95, CommMessage.Step.class);

    record(110, DriverCommand.SendResult.class);
    record(111, DriverCommand.SendMoreResult.class);
    record(112, DriverCommand.StopResult.class);
    record(113, DriverEvent.ResultPart.class);
    record(114, DriverEvent.ResultEnded.class);
    record(115, DriverEvent.ResultFailed.class);
    enumeration(116, ResultFormat.class);
    enumeration(117, ResultFailure.class);
    record(118, ResultSource.OfStatement.class);
    record(119, ResultSource.OfShared.class);
    record(120, ResultSource.SharedNames.class);

    record(130, DriverCommand.RunJob.class);
    record(131, DriverCommand.CancelJob.class);
    record(132, DriverCommand.AddResource.class);
    record(133, DriverCommand.AddFilePart.class);
    record(134, DriverEvent.JobStarted.class);
    record(135, DriverEvent.JobProgressed.class);
    record(136, DriverEvent.JobSucceeded.class);
    record(137, DriverEvent.JobFailed.class);
    record(138, DriverEvent.JobCancelled.class);
    record(139, DriverEvent.ResourceAdded.class);
    record(140, DriverEvent.FilePartTaken.class);
    enumeration(141, ResourceKind.class);
    more.forEach(this::other);
  }

  private void other(int id, Class<?> type) {
    if (Map.class.isAssignableFrom(type)) {
      kryo.register(type, new MapWithinFrame(), id);
    } else if (type.isEnum()) {
      kryo.register(type, new EnumSerializer(type.asSubclass(Enum.class)), id);
    } else if (type.isRecord()) {
      kryo.register(type, new RecordSerializer<>(type.asSubclass(Record.class)), id);
    } else {
      kryo.register(type, id);
    }
  }

  private void list(int id, Class<?> type) {
    // Records copy their lists, so it does not matter that what is read is another class of list.
    kryo.register(
        type,
        new CollectionSerializer<List<?>>() {
          @Override
          protected List<?> create(
              Kryo reader, Input input, Class<? extends List<?>> ignored, int size) {
            checkWithinFrame(input, size);
            return new ArrayList<>(size);
          }
        },
        id);
  }

  private <T extends Record> void record(int id, Class<T> type) {
    kryo.register(type, new RecordSerializer<>(type), id);
  }

  private <T extends Enum<T>> void enumeration(int id, Class<T> type) {
    kryo.register(type, new EnumSerializer(type), id);
  }

  /**
   * Returns the bytes of a frame, a command or an event.
   *
   * @throws RuntimeException if it holds an object of a class that is not in the table
   */
  byte[] encode(Object object) {
    Output output = new Output(256, -1);
    kryo.writeClassAndObject(output, object);
    return output.toBytes();
  }

  /**
   * Returns what those bytes stand for. Whatever they are, it takes memory only in proportion to
   * their number.
   *
   * @param type what it must be
   * @throws WireException for anything that {@link #encode} does not write
   */
  <T> T decode(byte[] bytes, Class<T> type) throws WireException {
    Input input = new Input(bytes);
    Object object;
    try {
      object = kryo.readClassAndObject(input);
    } catch (RuntimeException e) {
      throw new WireException("bytes that stand for nothing: " + e.getMessage(), e);
    }
    if (input.position() != bytes.length) {
      throw new WireException("bytes left over");
    }
    if (!type.isInstance(object)) {
      throw new WireException(
          (object == null ? "nothing" : object.getClass().getSimpleName())
              + " in place of a "
              + type.getSimpleName());
    }
    return type.cast(object);
  }

  /** Returns the number of a class, for the test that keeps numbers as they are. */
  int idOf(Class<?> type) {
    return kryo.getRegistration(type).getId();
  }

  /** Refuses a length that the rest of the frame cannot hold, before memory is taken for it. */
  private static void checkWithinFrame(Input input, int length) {
    if (length < 0 || length > input.limit() - input.position()) {
      throw new KryoException("a length of " + length + " reaches beyond the frame");
    }
  }

  /** Records copy their maps, so it does not matter that what is read is another class of map. */
  private static final class MapWithinFrame extends MapSerializer<Map<?, ?>> {
    @Override
    protected Map<?, ?> create(
        Kryo reader, Input input, Class<? extends Map<?, ?>> ignored, int size) {
      checkWithinFrame(input, size);
      return new LinkedHashMap<>();
    }
  }

  private static final class StringWithinFrame extends StringSerializer {
    @Override
    public String read(Kryo reader, Input input, Class<? extends String> type) {
      int begin = input.position();
      // A flag tells a length in characters, of at least a byte each, from text that ends by
      // itself.
      if (input.readVarIntFlag()) {
        checkWithinFrame(input, Math.max(0, input.readVarIntFlag(true) - 1));
      }
      input.setPosition(begin);
      return super.read(reader, input, type);
    }
  }

  private static final class BytesWithinFrame extends ByteArraySerializer {
    @Override
    @SuppressWarnings("rawtypes") // As in the class above it.
    public byte[] read(Kryo reader, Input input, Class type) {
      int begin = input.position();
      checkWithinFrame(input, Math.max(0, input.readVarInt(true) - 1));
      input.setPosition(begin);
      return super.read(reader, input, type);
    }
  }
}
