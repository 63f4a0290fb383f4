package io.polybius.driver.interpreter;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Calls methods of the Scala compiler by their names. The driver is compiled once, against Scala
 * 2.12; what has other types in 2.13 is called in this way.
 */
final class Calls {

  private final Map<Key, Optional<Method>> methods = new ConcurrentHashMap<>();

  private record Key(Class<?> type, String method, int arguments) {}

  /**
   * Calls a method. Among several of that name and number of arguments, the first one is taken that
   * the arguments of the very first call fit.
   *
   * @throws IllegalStateException if this Scala has no such method
   */
  Object call(Object target, String method, Object... arguments) {
    Method found =
        find(target, method, arguments)
            .orElseThrow(
                () ->
                    new IllegalStateException(
                        "this Scala has no " + target.getClass().getName() + "." + method));
    try {
      return found.invoke(target, arguments);
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      } else if (e.getCause() instanceof Error cause) {
        throw cause;
      }
      throw new IllegalStateException(method + " failed", e.getCause());
    } catch (IllegalAccessException e) {
      throw new IllegalStateException(method + " cannot be called", e);
    }
  }

  /** Calls a method that says yes or no. */
  boolean is(Object target, String method, Object... arguments) {
    return (boolean) call(target, method, arguments);
  }

  /** Calls a method that gives something that can be shown, and returns its text. */
  String text(Object target, String method, Object... arguments) {
    return String.valueOf(call(target, method, arguments));
  }

  /** Calls a method that gives a collection of Scala. */
  List<Object> list(Object target, String method, Object... arguments) {
    return items(call(target, method, arguments));
  }

  /** Returns whether there is such a method, for such arguments. */
  boolean has(Object target, String method, Object... arguments) {
    return find(target, method, arguments).isPresent();
  }

  /** Returns what is in a collection of Scala. */
  static List<Object> items(Object collection) {
    List<Object> items = new ArrayList<>();
    scala.collection.Iterator<?> iterator = ((scala.collection.Iterable<?>) collection).iterator();
    while (iterator.hasNext()) {
      items.add(iterator.next());
    }
    return items;
  }

  private Optional<Method> find(Object target, String method, Object... arguments) {
    return methods.computeIfAbsent(
        new Key(target.getClass(), method, arguments.length), key -> search(key, arguments));
  }

  private static Optional<Method> search(Key key, Object[] arguments) {
    for (Method candidate : key.type().getMethods()) {
      if (candidate.getName().equals(key.method()) && fits(candidate, arguments)) {
        candidate.setAccessible(true);
        return Optional.of(candidate);
      }
    }
    return Optional.empty();
  }

  private static boolean fits(Method method, Object[] arguments) {
    Class<?>[] types = method.getParameterTypes();
    if (types.length != arguments.length) {
      return false;
    }
    for (int i = 0; i < types.length; i++) {
      if (!types[i].isPrimitive() && !types[i].isInstance(arguments[i])) {
        return false;
      }
    }
    return true;
  }
}
