package io.polybius.driver.job;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import com.esotericsoftware.kryo.serializers.ClosureSerializer;
import java.lang.invoke.SerializedLambda;
import org.objenesis.strategy.StdInstantiatorStrategy;

/** Reads and writes as the clients of Livy 0.8 and later do, without any check. */
public final class LivyClientKryo {

  private LivyClientKryo() {}

  private static Kryo kryo(ClassLoader loader) {
    Kryo kryo = new Kryo();
    kryo.setInstantiatorStrategy(
        new Kryo.DefaultInstantiatorStrategy(new StdInstantiatorStrategy()));
    kryo.register(SerializedLambda.class);
    kryo.register(ClosureSerializer.Closure.class, new ClosureSerializer());
    kryo.setClassLoader(loader);
    return kryo;
  }

  /** Returns what a client sends. */
  public static byte[] write(Object object) {
    Output output = new Output(1024, -1);
    ClassLoader loader = object.getClass().getClassLoader();
    kryo(loader == null ? LivyClientKryo.class.getClassLoader() : loader)
        .writeClassAndObject(output, object);
    return output.toBytes();
  }

  /** Returns what a client gets. */
  public static Object read(byte[] bytes) {
    return kryo(LivyClientKryo.class.getClassLoader()).readClassAndObject(new Input(bytes));
  }
}
