package io.polybius.driver.protocol;

import com.esotericsoftware.kryo.kryo5.Kryo;
import com.esotericsoftware.kryo.kryo5.io.Input;
import com.esotericsoftware.kryo.kryo5.io.Output;
import com.esotericsoftware.kryo.kryo5.serializers.CollectionSerializer;
import com.esotericsoftware.kryo.kryo5.serializers.DefaultSerializers.EnumSerializer;
import com.esotericsoftware.kryo.kryo5.serializers.RecordSerializer;
import java.util.ArrayList;
import java.util.List;

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
    kryo.setRegistrationRequired(true);
    kryo.setReferences(false);
    kryo.setMaxDepth(16);

    list(FIRST_ID, List.of().getClass());
    list(FIRST_ID + 1, List.of("").getClass());

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

    record(60, DriverEvent.DriverReady.class);
    record(61, DriverEvent.DriverFailed.class);
    record(62, DriverEvent.StatementPutOut.class);
    record(63, DriverEvent.StatementProgressed.class);
    record(64, DriverEvent.StatementSucceeded.class);
    record(65, DriverEvent.StatementFailed.class);
    record(66, DriverEvent.CompletenessChecked.class);

    record(80, StatementOutput.StreamText.class);
    record(81, StatementOutput.Echo.class);
    record(82, StatementOutput.Value.class);
    record(83, StatementOutput.Display.class);
    record(84, MimeBundle.class);
    record(85, MimeBundle.Entry.class);
    record(86, StatementError.class);
    enumeration(90, StatementError.Origin.class);
    enumeration(91, StreamName.class);
    enumeration(92, Completeness.class);
  }

  private void list(int id, Class<?> type) {
    // Records copy their lists, so it does not matter that what is read is another class of list.
    kryo.register(
        type,
        new CollectionSerializer<List<?>>() {
          @Override
          protected List<?> create(
              Kryo reader, Input input, Class<? extends List<?>> ignored, int size) {
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

  /** Returns the bytes of a frame. */
  byte[] encode(LinkFrame frame) {
    Output output = new Output(256, -1);
    kryo.writeClassAndObject(output, frame);
    return output.toBytes();
  }

  /**
   * Returns the frame that those bytes stand for.
   *
   * @throws RuntimeException for anything that {@link #encode} does not write
   */
  LinkFrame decode(byte[] bytes) {
    Input input = new Input(bytes);
    LinkFrame frame = (LinkFrame) kryo.readClassAndObject(input);
    if (input.position() != bytes.length) {
      throw new IllegalArgumentException("bytes left over after a frame");
    }
    return frame;
  }

  /** Returns the number of a class, for the test that keeps numbers as they are. */
  int idOf(Class<?> type) {
    return kryo.getRegistration(type).getId();
  }
}
