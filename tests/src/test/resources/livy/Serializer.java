package org.apache.livy.client.common;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import com.esotericsoftware.kryo.serializers.ClosureSerializer;
import java.lang.invoke.SerializedLambda;
import java.nio.ByteBuffer;
import org.objenesis.strategy.StdInstantiatorStrategy;

/** In the place of that of Livy 0.7, writes the bytes that Livy's client writes from 0.8 on. */
public class Serializer {

  private final Kryo kryo = new Kryo();

  public Serializer(Class<?>... none) {
    kryo.setInstantiatorStrategy(
        new Kryo.DefaultInstantiatorStrategy(new StdInstantiatorStrategy()));
    kryo.register(SerializedLambda.class);
    kryo.register(ClosureSerializer.Closure.class, new ClosureSerializer());
    kryo.setClassLoader(Thread.currentThread().getContextClassLoader());
  }

  public Object deserialize(ByteBuffer bytes) {
    byte[] copy = new byte[bytes.remaining()];
    bytes.get(copy);
    return kryo.readClassAndObject(new Input(copy));
  }

  public ByteBuffer serialize(Object object) {
    Output output = new Output(256, -1);
    kryo.writeClassAndObject(output, object);
    return ByteBuffer.wrap(output.toBytes());
  }
}
