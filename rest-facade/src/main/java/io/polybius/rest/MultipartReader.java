package io.polybius.rest;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Takes a body of the type {@code multipart/form-data} (RFC 7578) apart as it comes. It holds one
 * buffer, whatever the length of the body and of its parts: the client of this class has the next
 * bytes written to {@link #room}, and calls {@link #read}. What is malformed is answered with 400.
 *
 * <p>Undertow has such a parser too. It looks at each byte by itself, which takes a whole processor
 * for 200 MB/s, and it keeps a part's header in memory however long that is.
 */
final class MultipartReader {

  /** What becomes of the parts. */
  interface Parts {

    /** The next part begins. */
    void begin(PartHeader header);

    /** More of the part's content has come; the bytes are to be used before this returns. */
    void content(ByteBuffer bytes);

    /** That was all of the part. */
    void end();
  }

  /** Bytes for a boundary: 70 at most, and the hyphens and line ends around it. */
  private static final int MAX_BOUNDARY = 70;

  private static final int BUFFER_BYTES = 128 << 10;

  /** Also how much white space may follow a boundary. */
  private static final int MAX_HEADER_BYTES = 16 << 10;

  private static final byte[] HYPHENS = ascii("--");
  private static final byte[] LINE_END = ascii("\r\n");
  private static final byte[] HEADER_END = ascii("\r\n\r\n");

  private enum State {
    PREAMBLE,
    AFTER_BOUNDARY,
    HEADER,
    CONTENT,
    EPILOGUE
  }

  private final Parts parts;
  private final byte[] delimiter;
  private final int[] shifts = new int[256];
  private final byte[] buffer = new byte[BUFFER_BYTES];
  private final ByteBuffer room = ByteBuffer.wrap(buffer);
  private State state = State.PREAMBLE;

  /** What is in the buffer and has not been read is from here to the position of the room. */
  private int start;

  /** How many of the bytes that come next belong to the end of a header. */
  private int ofHeader;

  /**
   * @param boundary as {@code Content-Type} has it
   * @param parts is told of them
   */
  MultipartReader(String boundary, Parts parts) {
    if (boundary.isEmpty() || boundary.length() > MAX_BOUNDARY) {
      throw malformed("its boundary must have between 1 and " + MAX_BOUNDARY + " characters");
    }
    this.parts = parts;
    this.delimiter = ascii("\r\n--" + boundary);
    // The search goes on behind the last place where a byte could be of the delimiter.
    Arrays.fill(shifts, delimiter.length);
    for (int i = 0; i < delimiter.length - 1; i++) {
      shifts[delimiter[i] & 0xff] = delimiter.length - 1 - i;
    }
    // A boundary begins a line, and so does the body.
    room.put(LINE_END);
  }

  /** Returns where the next bytes are to be written; there is always room for some. */
  ByteBuffer room() {
    return room;
  }

  /** Reads what has been written. */
  void read() {
    while (advance()) {
      // Until what is there is no more than the beginning of something.
    }
    if (start > 0) {
      int rest = room.position() - start;
      System.arraycopy(buffer, start, buffer, 0, rest);
      room.position(rest);
      start = 0;
    }
  }

  /** The body has ended. */
  void finish() {
    if (state != State.EPILOGUE) {
      throw malformed("it ends before its last boundary");
    }
  }

  /** Returns whether something was read that something else may follow. */
  private boolean advance() {
    return switch (state) {
      case PREAMBLE -> advanceToBoundary(false);
      case AFTER_BOUNDARY -> advanceBehindBoundary();
      case HEADER -> advanceBehindHeader();
      case CONTENT -> advanceToBoundary(true);
      case EPILOGUE -> {
        start = room.position();
        yield false;
      }
    };
  }

  private boolean advanceToBoundary(boolean inPart) {
    int end = room.position();
    int found = find(delimiter, start, end);
    // What could be the beginning of a boundary has to wait for the rest of it.
    int to = found >= 0 ? found : Math.max(start, end - delimiter.length + 1);
    int from = Math.min(to, start + ofHeader);
    ofHeader -= from - start;
    if (inPart && from < to) {
      parts.content(ByteBuffer.wrap(buffer, from, to - from));
    }
    start = to;
    if (found < 0) {
      return false;
    }
    if (inPart) {
      parts.end();
    }
    ofHeader = 0;
    start = found + delimiter.length;
    state = State.AFTER_BOUNDARY;
    return true;
  }

  private boolean advanceBehindBoundary() {
    int end = room.position();
    if (end - start < HYPHENS.length) {
      return false;
    }
    if (matches(HYPHENS, start)) {
      state = State.EPILOGUE;
      return true;
    }
    int at = start;
    while (at < end && (buffer[at] == ' ' || buffer[at] == '\t')) {
      at++;
    }
    refuseLongerThan(MAX_HEADER_BYTES, at - start);
    if (end - at < LINE_END.length) {
      return false;
    }
    if (!matches(LINE_END, at)) {
      throw malformed("something else is in the line of a boundary");
    }
    start = at;
    state = State.HEADER;
    return true;
  }

  /** The line end before the header is still there: a header may have no lines at all. */
  private boolean advanceBehindHeader() {
    int end = room.position();
    int found = indexOf(HEADER_END, start, Math.min(end, start + MAX_HEADER_BYTES));
    if (found < 0) {
      refuseLongerThan(MAX_HEADER_BYTES - 1, end - start);
      return false;
    }
    int lines = Math.min(start + LINE_END.length, found);
    parts.begin(PartHeader.parse(Arrays.copyOfRange(buffer, lines, found)));
    // Without any content, the boundary's line end is that of the empty line.
    start = found + LINE_END.length;
    ofHeader = LINE_END.length;
    state = State.CONTENT;
    return true;
  }

  private static void refuseLongerThan(int most, int length) {
    if (length > most) {
      throw malformed("the header of a part is longer than " + MAX_HEADER_BYTES + " bytes");
    }
  }

  /** Returns where the delimiter begins, or -1; after Horspool. */
  private int find(byte[] sought, int from, int to) {
    int last = sought.length - 1;
    byte[] bytes = buffer;
    for (int at = from + last; at < to; at += shifts[bytes[at] & 0xff]) {
      if (bytes[at] == sought[last] && matches(sought, at - last)) {
        return at - last;
      }
    }
    return -1;
  }

  private int indexOf(byte[] sought, int from, int to) {
    for (int at = from; at <= to - sought.length; at++) {
      if (matches(sought, at)) {
        return at;
      }
    }
    return -1;
  }

  private boolean matches(byte[] sought, int at) {
    return Arrays.equals(buffer, at, at + sought.length, sought, 0, sought.length);
  }

  static RejectedRequestException malformed(String why) {
    return RejectedRequestException.bad("The body is no multipart/form-data: " + why + ".");
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }
}
