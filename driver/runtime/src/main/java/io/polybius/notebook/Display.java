package io.polybius.notebook;

/** Something that is shown, and can be changed as long as the session lives. */
public final class Display {

  private final Displays displays;
  private final String id;
  private final String mimeType;

  Display(Displays displays, String id, String mimeType) {
    this.displays = displays;
    this.id = id;
    this.mimeType = mimeType;
  }

  /** Returns the name by which {@link Displays#update(String, Object)} knows it. */
  public String id() {
    return id;
  }

  /**
   * Shows something else in its place.
   *
   * @param data of the MIME type that was shown first, or a map, if it was shown by one
   */
  public void update(Object data) {
    if (mimeType.isEmpty()) {
      displays.update(id, data);
    } else {
      displays.update(id, mimeType, data);
    }
  }

  /**
   * Shows something else, also of another type, in its place.
   *
   * @param otherType a MIME type without parameters
   * @param data of that type
   */
  public void update(String otherType, Object data) {
    displays.update(id, otherType, data);
  }

  @Override
  public String toString() {
    return "Display(" + id + ")";
  }
}
