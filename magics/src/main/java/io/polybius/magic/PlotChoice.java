package io.polybius.magic;

import io.polybius.magic.PlotTable.Field;
import io.polybius.magic.PlotTable.Scale;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Which type a plot has and which columns it shows: those that the user named, and for the others
 * those that he most likely means.
 *
 * @param type of the plot
 * @param x along the plot; nothing for the number of the row
 * @param y up the plot; nothing to count the rows
 * @param color tells the series apart
 */
record PlotChoice(PlotType type, Optional<Field> x, List<Field> y, Optional<Field> color) {

  private static final int MAX_SERIES = 10;

  /**
   * Chooses.
   *
   * @throws MagicException {@link MagicException#USAGE_ERROR} if a column does not exist or does
   *     not fit, {@link MagicException#VALUE_ERROR} if there is no column that could be shown
   */
  static PlotChoice of(PlotArgument argument, PlotTable table) throws MagicException {
    Chooser chooser = new Chooser(argument, table);
    return switch (chooser.type) {
      case HISTOGRAM -> chooser.histogram();
      case PIE -> chooser.pie();
      case BAR -> chooser.bar();
      case LINE, SCATTER -> chooser.curve();
    };
  }

  private static final class Chooser {

    private final PlotTable table;
    private final Optional<Field> askedX;
    private final List<Field> askedY = new ArrayList<>();
    private final Optional<Field> color;
    private final PlotType type;

    Chooser(PlotArgument argument, PlotTable table) throws MagicException {
      this.table = table;
      askedX = field(argument.x());
      color = field(argument.color());
      for (String name : argument.y()) {
        askedY.add(requireNumbers(table.field(name), "y"));
      }
      if (askedY.size() > MAX_SERIES) {
        throw PlotArgument.usage("y= takes at most " + MAX_SERIES + " columns");
      }
      if (color.isPresent() && askedY.size() > 1) {
        throw PlotArgument.usage("color= goes with one column for y, and not with several");
      }
      type = argument.type().orElseGet(this::likelyType);
    }

    PlotChoice histogram() throws MagicException {
      if (!askedY.isEmpty()) {
        throw PlotArgument.usage("a histogram counts the rows; it takes x= and no y=");
      }
      requireNoColor("a histogram");
      Field x =
          askedX.isPresent()
              ? requireNumbers(askedX.get(), "x of a histogram")
              : measure(List.of()).orElseThrow(() -> nothingToShow("a histogram"));
      return new PlotChoice(type, Optional.of(x), List.of(), color);
    }

    PlotChoice pie() throws MagicException {
      if (askedY.size() > 1) {
        throw PlotArgument.usage("a pie shows one column for y");
      }
      requireNoColor("a pie");
      return bar();
    }

    PlotChoice bar() throws MagicException {
      Optional<Field> x = askedX.isPresent() ? askedX : likelyCategory();
      List<Field> y = askedY.isEmpty() ? measure(x.stream().toList()).stream().toList() : askedY;
      if (x.isEmpty() && y.isEmpty()) {
        throw nothingToShow("a plot");
      }
      return new PlotChoice(type, x, y, color);
    }

    PlotChoice curve() throws MagicException {
      Optional<Field> x = askedX.isPresent() ? askedX : likelyPosition();
      if (type == PlotType.SCATTER && x.isPresent() && x.get().scale() == Scale.CATEGORY) {
        throw PlotArgument.usage(
            "x of a scatter plot is a column of numbers or times, and "
                + x.get().name()
                + " is neither; bar takes any column");
      }
      List<Field> y = askedY;
      if (y.isEmpty()) {
        y =
            List.of(
                measure(x.stream().toList())
                    .orElseThrow(() -> nothingToShow("a " + type.word() + " plot")));
      }
      return new PlotChoice(type, x, y, color);
    }

    private PlotType likelyType() {
      Optional<Field> x = askedX.isPresent() ? askedX : likelyXOfAnyType();
      if (x.isEmpty()) {
        return table.list() || !askedY.isEmpty() ? PlotType.LINE : PlotType.HISTOGRAM;
      }
      return switch (x.get().scale()) {
        case CATEGORY -> PlotType.BAR;
        case TIME ->
            askedY.isEmpty() && measure(List.of(x.get())).isEmpty() ? PlotType.BAR : PlotType.LINE;
        case NUMBER -> {
          if (askedY.isEmpty() && measure(List.of(x.get())).isEmpty()) {
            yield PlotType.HISTOGRAM;
          }
          yield rises(x.get()) ? PlotType.LINE : PlotType.SCATTER;
        }
      };
    }

    private Optional<Field> likelyXOfAnyType() {
      return first(Scale.TIME).or(() -> first(Scale.CATEGORY)).or(this::firstOfTwoNumbers);
    }

    private Optional<Field> likelyCategory() {
      return first(Scale.CATEGORY).or(() -> first(Scale.TIME)).or(this::firstOfTwoNumbers);
    }

    private Optional<Field> likelyPosition() {
      Optional<Field> position = first(Scale.TIME).or(this::firstOfTwoNumbers);
      return position.isEmpty() && type == PlotType.LINE ? first(Scale.CATEGORY) : position;
    }

    private Optional<Field> first(Scale scale) {
      return free(scale, List.of()).stream().findFirst();
    }

    /** Returns the first column of numbers if there is another one for y. */
    private Optional<Field> firstOfTwoNumbers() {
      List<Field> numbers = free(Scale.NUMBER, List.of());
      int needed = askedY.isEmpty() ? 2 : 1;
      return numbers.size() < needed ? Optional.empty() : Optional.of(numbers.get(0));
    }

    /** Returns the first column of numbers, rather one that measures something. */
    private Optional<Field> measure(List<Field> without) {
      List<Field> numbers = free(Scale.NUMBER, without);
      return numbers.stream()
          .filter(field -> !field.isKey())
          .findFirst()
          .or(() -> numbers.stream().findFirst());
    }

    /** Returns the columns of a kind for which the user has no other use. */
    private List<Field> free(Scale scale, List<Field> without) {
      return table.fields(scale).stream()
          .filter(field -> !askedY.contains(field) && !without.contains(field))
          .filter(field -> color.isEmpty() || !color.get().equals(field))
          .toList();
    }

    private boolean rises(Field field) {
      double before = Double.NEGATIVE_INFINITY;
      for (List<PlainValue> row : table.rows()) {
        double next = PlotTable.position(row, field);
        if (!(next > before)) {
          return false;
        }
        before = next;
      }
      return true;
    }

    private Optional<Field> field(Optional<String> name) throws MagicException {
      return name.isEmpty() ? Optional.empty() : Optional.of(table.field(name.get()));
    }

    private Field requireNumbers(Field field, String use) throws MagicException {
      if (field.scale() != Scale.NUMBER) {
        throw new MagicException(
            MagicException.USAGE_ERROR,
            field.name()
                + " is not a column of numbers, as "
                + use
                + " has to be; those with numbers are "
                + PlotTable.names(table.fields(Scale.NUMBER)));
      }
      return field;
    }

    private void requireNoColor(String plot) throws MagicException {
      if (color.isPresent()) {
        throw PlotArgument.usage(plot + " takes no color=");
      }
    }

    private MagicException nothingToShow(String plot) {
      return new MagicException(
          MagicException.VALUE_ERROR,
          "There is no column of numbers for "
              + plot
              + "; the columns are "
              + PlotTable.names(table.fields()));
    }
  }
}
