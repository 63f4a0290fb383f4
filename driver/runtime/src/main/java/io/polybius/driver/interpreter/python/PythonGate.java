package io.polybius.driver.interpreter.python;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.polybius.driver.interpreter.Interpreter.Execution;
import io.polybius.driver.interpreter.SharedValue;
import io.polybius.driver.interpreter.SharedValues;
import io.polybius.driver.interpreter.process.WrittenValues;
import io.polybius.magic.MagicException;
import io.polybius.notebook.Comms;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.SparkSession;
import scala.Tuple2;

/**
 * What Python calls through Py4J. Its main thread takes one command after the other, and says what
 * becomes of it; other threads take questions, messages of comms and jobs. Each thread of Python
 * has one here, so what the main thread does with Spark belongs to the statement that {@link #take}
 * has given it.
 */
public final class PythonGate {

  /** How long output may take from Python's streams to here. */
  private static final Duration STREAM_PATIENCE = Duration.ofSeconds(5);

  /** How long the handler of a comm's message may take. */
  private static final Duration HANDLER_PATIENCE = Duration.ofMinutes(10);

  /** What Python sends in one piece is bounded by Python itself. */
  private static final ObjectMapper JSON = new ObjectMapper();

  static {
    JSON.getFactory()
        .setStreamReadConstraints(
            StreamReadConstraints.builder().maxStringLength(Integer.MAX_VALUE).build());
  }

  private static final String END = "";

  private final SparkSession session;
  private final SharedValues sharedValues;
  private final MarkedStreams streams;
  private final Outputs outputs;
  private final CompletableFuture<String> ready = new CompletableFuture<>();
  private final BlockingQueue<Command> commands = new LinkedBlockingQueue<>();
  private final BlockingQueue<String> questions = new LinkedBlockingQueue<>();
  private final BlockingQueue<String> commMessages = new LinkedBlockingQueue<>();
  private final PythonComms comms;
  private final Map<Integer, CompletableFuture<JsonNode>> asked = new ConcurrentHashMap<>();
  private final AtomicInteger lastQuestion = new AtomicInteger();
  private volatile Optional<Command> current = Optional.empty();
  private volatile Optional<Dataset<?>> frame = Optional.empty();
  private final PythonJobGate jobs = new PythonJobGate();
  private final PythonObjects objects;

  /** Why Python has ended, once it has; what is said later is the consequence of that. */
  private final AtomicReference<Exception> end = new AtomicReference<>();

  /** Waits until what was printed before a mark is passed on. */
  interface MarkedStreams {
    /** Waits, but not for ever. */
    void await(int mark, Duration patience) throws InterruptedException;
  }

  /** Makes outputs of what Python says. */
  interface Outputs {
    /** Takes something that is to be shown. */
    void put(String kind, JsonNode what, Optional<Dataset<?>> frame, Execution execution);
  }

  /** Something that Python is to do for a statement. */
  private record Command(String text, Execution execution, CompletableFuture<Answer> answer) {}

  /**
   * What has become of a command.
   *
   * @param content what Python says
   * @param frame a DataFrame that it refers to
   */
  record Answer(JsonNode content, Optional<Dataset<?>> frame) {}

  PythonGate(
      SparkSession session,
      SharedValues sharedValues,
      Comms comms,
      MarkedStreams streams,
      Outputs outputs) {
    this.session = session;
    this.sharedValues = sharedValues;
    this.comms = new PythonComms(comms, this::handle);
    this.objects = new PythonObjects(sharedValues, this::ask);
    this.streams = streams;
    this.outputs = outputs;
  }

  // ---- for the driver

  /** Completes when Python can take commands, with what the user should know before. */
  CompletableFuture<String> isReady() {
    return ready;
  }

  /** Has Python do something; completes when it is done, or Python has ended. */
  CompletableFuture<Answer> run(ObjectNode command, Execution execution) {
    CompletableFuture<Answer> answer = new CompletableFuture<>();
    commands.add(new Command(command.toString(), execution, answer));
    return answer;
  }

  /** Asks Python something while it may be busy; completes with its answer. */
  CompletableFuture<JsonNode> ask(ObjectNode question) {
    return ask(question, questions);
  }

  private void handle(ObjectNode message) throws InterruptedException {
    try {
      JsonNode unused =
          ask(message, commMessages).get(HANDLER_PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new IllegalStateException("Python has not handled the message of a comm", e);
    }
  }

  private CompletableFuture<JsonNode> ask(ObjectNode question, BlockingQueue<String> queue) {
    int id = lastQuestion.incrementAndGet();
    CompletableFuture<JsonNode> answer = new CompletableFuture<>();
    asked.put(id, answer);
    queue.add(question.put("number", id).toString());
    if (isClosed()) {
      answer.completeExceptionally(new IllegalStateException("Python has ended"));
    }
    return answer.whenComplete((given, failure) -> asked.remove(id));
  }

  /** Lets Python end, and all who wait for it know that it has. */
  void close(Exception reason) {
    end.compareAndSet(null, reason);
    Exception why = end.get();
    ready.completeExceptionally(why);
    questions.add(END);
    commMessages.add(END);
    commands.add(new Command(END, Execution.UNSEEN, new CompletableFuture<>()));
    current.ifPresent(command -> command.answer().completeExceptionally(why));
    commands.forEach(command -> command.answer().completeExceptionally(why));
    asked.values().forEach(answer -> answer.completeExceptionally(why));
    jobs.close(why);
    objects.close();
  }

  /** Returns whether Python has ended, or is about to. */
  boolean isClosed() {
    return end.get() != null;
  }

  // ---- for Python

  /** Returns the driver's Spark. */
  public JavaSparkContext context() {
    return new JavaSparkContext(session.sparkContext());
  }

  /** Returns the driver's session. */
  public SparkSession session() {
    return session;
  }

  /** Returns where Python has jobs from. */
  public PythonJobGate jobs() {
    return jobs;
  }

  /** Returns where Python has the names of what its jobs share. */
  public PythonObjects objects() {
    return objects;
  }

  /** Python can take commands. */
  public void ready(String problem) {
    ready.complete(problem);
  }

  /** Returns the next command as JSON, when there is one; null at the end. */
  public String take() throws InterruptedException {
    Command next = commands.take();
    if (isClosed()) {
      next.answer().completeExceptionally(new IllegalStateException("Python has ended"));
      return null;
    }
    current = Optional.of(next);
    next.execution().adopt();
    return next.text();
  }

  /** Takes the DataFrame that the next thing is about. */
  public void frame(Dataset<?> next) {
    frame = Optional.of(next);
  }

  /** Returns whether something can be shared under that name. */
  public boolean isName(String name) {
    return SharedValues.isName(name);
  }

  /** Shares a DataFrame. */
  public void shareFrame(String name, Dataset<?> shared) {
    sharedValues.put(name, PythonInterpreter.KIND, new SharedValue.Frame(shared));
  }

  /** Shares an RDD of objects of Java. */
  public void shareElements(String name, JavaRDD<?> shared) {
    sharedValues.put(name, PythonInterpreter.KIND, new SharedValue.Elements(shared.rdd()));
  }

  /** Shares plain data. */
  public void shareData(String name, String shared) throws JsonProcessingException {
    sharedValues.put(
        name,
        PythonInterpreter.KIND,
        new SharedValue.Data(WrittenValues.read(JSON.readTree(shared))));
  }

  /** Returns the type of what is shared under a name; empty if nothing is. */
  public String sharedType(String name) throws MagicException {
    return sharedValues.find(name).isPresent() ? sharedValues.get(name).type() : "";
  }

  /** Returns a shared DataFrame. */
  public Dataset<?> sharedFrame(String name) throws MagicException {
    return ((SharedValue.Frame) sharedValues.get(name)).dataset();
  }

  /** Returns a shared RDD, whose elements Python is to have as they are. */
  public JavaRDD<?> sharedElements(String name) throws MagicException {
    return ((SharedValue.Elements) sharedValues.get(name)).rdd().toJavaRDD();
  }

  /** Returns what Python can make of the elements of a shared RDD, by the first of them. */
  public String elementType(String name) throws MagicException {
    List<?> first = sharedElements(name).take(1);
    Object element = first.isEmpty() ? "" : first.get(0);
    if (element instanceof Tuple2<?, ?> pair) {
      return isPlain(pair._1()) && isPlain(pair._2()) ? "pair" : pair.getClass().getName();
    }
    return isPlain(element) ? "plain" : element.getClass().getName();
  }

  private static boolean isPlain(Object element) {
    return element == null
        || element instanceof Boolean
        || element instanceof Byte
        || element instanceof Short
        || element instanceof Integer
        || element instanceof Long
        || element instanceof Float
        || element instanceof Double
        || element instanceof String
        || element instanceof byte[]
        || element instanceof Object[]
        || element instanceof Map<?, ?>
        || element instanceof Collection<?>;
  }

  /** Returns shared plain data as JSON. */
  public String sharedData(String name) throws MagicException {
    return WrittenValues.write(((SharedValue.Data) sharedValues.get(name)).value()).toString();
  }

  /** Takes something that is to be shown after what was printed before a mark. */
  public void put(int mark, String kind, String what)
      throws InterruptedException, JsonProcessingException {
    streams.await(mark, STREAM_PATIENCE);
    Optional<Dataset<?>> about = takeFrame();
    JsonNode content = JSON.readTree(what);
    current.ifPresent(command -> outputs.put(kind, content, about, command.execution()));
  }

  /**
   * The command is done.
   *
   * @param kind of its value, as for {@link #put}; empty if it has none
   * @return the next command, as {@link #take} does
   */
  public String done(int mark, String answer, String kind, String value)
      throws InterruptedException, JsonProcessingException {
    Answer content;
    try {
      if (kind.isEmpty()) {
        streams.await(mark, STREAM_PATIENCE);
      } else {
        put(mark, kind, value);
      }
      content = new Answer(JSON.readTree(answer), takeFrame());
    } catch (InterruptedException e) {
      throw e;
    } catch (Throwable e) {
      // Spark computes here what is shown, and throws also checked exceptions without declaring
      // them; Python goes on.
      content = new Answer(failure(e), Optional.empty());
    }
    Answer said = content;
    current.ifPresent(command -> command.answer().complete(said));
    return take();
  }

  private static JsonNode failure(Throwable thrown) {
    ObjectNode error = JSON.createObjectNode();
    error.put("name", thrown.getClass().getSimpleName());
    error.put("message", String.valueOf(thrown.getMessage()));
    ArrayNode lines = error.putArray("lines");
    Arrays.stream(String.valueOf(thrown).split("\n")).forEach(lines::add);
    error.set("shown", lines.deepCopy());
    return JSON.createObjectNode().set("error", error);
  }

  private Optional<Dataset<?>> takeFrame() {
    Optional<Dataset<?>> taken = frame;
    frame = Optional.empty();
    return taken;
  }

  /**
   * Asks the user for a line.
   *
   * @return null if there are no more
   */
  public String ask(int mark, String prompt, boolean password) throws InterruptedException {
    streams.await(mark, STREAM_PATIENCE);
    Execution execution = current.map(Command::execution).orElse(Execution.UNSEEN);
    return execution.ask(prompt, password).orElse(null);
  }

  /** Returns the next question as JSON, when there is one; null at the end. */
  public String takeQuestion() throws InterruptedException {
    String next = questions.take();
    return next.equals(END) ? null : next;
  }

  /** Returns the next message to a comm as JSON, when there is one; null at the end. */
  public String takeCommMessage() throws InterruptedException {
    String next = commMessages.take();
    return next.equals(END) ? null : next;
  }

  /** Takes a message of a comm to the front ends. */
  public void comm(String message) throws JsonProcessingException {
    comms.take(JSON.readTree(message));
  }

  /** Takes the answer to a question or a message. */
  public void answer(int question, String answer) throws JsonProcessingException {
    JsonNode content = JSON.readTree(answer);
    Optional.ofNullable(asked.remove(question)).ifPresent(waits -> waits.complete(content));
  }
}
