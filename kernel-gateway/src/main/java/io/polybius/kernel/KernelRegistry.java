package io.polybius.kernel;

import io.polybius.driver.protocol.jupyter.InstalledKernel;
import io.polybius.kernel.Kernel.KernelDescription;
import io.polybius.kernel.KernelException.Reason;
import io.polybius.session.ApplicationSettings;
import io.polybius.session.Caller;
import io.polybius.session.ErrorCode;
import io.polybius.session.SessionException;
import io.polybius.session.SessionService;
import io.polybius.session.SessionSettings;
import io.polybius.session.SessionSnapshot;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** All kernels of a server. May be used from any thread. */
public final class KernelRegistry implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(KernelRegistry.class);
  private static final Pattern LOWER_CASE_UUID =
      Pattern.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");

  private final Map<String, Kernel> kernels = new ConcurrentHashMap<>();
  private final SessionService sessions;
  private final KernelServices services;
  private final Optional<KernelStore> store;
  private final Consumer<Kernel> onEnd;
  private boolean closed;

  /**
   * Makes a registry without kernels.
   *
   * @param services what the kernels share
   * @param onEnd told of each kernel that is over; must return quickly
   */
  public KernelRegistry(SessionService sessions, KernelServices services, Consumer<Kernel> onEnd) {
    this(sessions, services, Optional.empty(), onEnd);
  }

  /**
   * Makes a registry without kernels.
   *
   * @param services what the kernels share
   * @param store keeps kernels so that they outlive the server; empty to end them with it
   * @param onEnd told of each kernel that is over; must return quickly
   */
  public KernelRegistry(
      SessionService sessions,
      KernelServices services,
      Optional<KernelStore> store,
      Consumer<Kernel> onEnd) {
    this.sessions = sessions;
    this.services = services;
    this.store = store;
    this.onEnd = onEnd;
  }

  /** Notebooks stay open for days, and their kernels are shut down when they are closed. */
  private static final String NEVER = "0";

  /**
   * A kernel to make.
   *
   * @param id the UUID that it gets, in lower case; empty for a new one
   * @param name the name or an alias of its kernelspec; empty for the one to prefer
   * @param session the session to show, by id or name; empty to open one
   * @param application what a session that is opened asks for of its Spark application
   */
  public record NewKernel(
      Optional<String> id,
      Optional<String> name,
      Optional<String> session,
      ApplicationSettings application) {

    /** Returns a request for a kernel on a session of its own. */
    public static NewKernel named(Optional<String> name) {
      return new NewKernel(Optional.empty(), name, Optional.empty(), ApplicationSettings.NONE);
    }

    /** Returns the same request with an id. */
    public NewKernel withId(String newId) {
      return new NewKernel(Optional.of(newId), name, session, application);
    }

    /** Returns the same request for a session that is there. */
    public NewKernel onSession(String idOrName) {
      return new NewKernel(id, name, Optional.of(idOrName), application);
    }
  }

  /**
   * Makes a kernel, on a new session or on one that is there.
   *
   * @throws KernelException if there cannot be such a kernel
   * @throws SessionException if there is no such session, or it is over
   */
  public Kernel create(NewKernel request, Caller caller) {
    return create(request, caller, store);
  }

  /**
   * Makes a kernel that ends with the server, on a new session or on one that is there.
   *
   * @throws KernelException if there cannot be such a kernel
   * @throws SessionException if there is no such session, or it is over
   */
  public Kernel createPassing(NewKernel request, Caller caller) {
    return create(request, caller, Optional.empty());
  }

  private synchronized Kernel create(
      NewKernel request, Caller caller, Optional<KernelStore> keptIn) {
    if (closed) {
      throw new KernelException(Reason.SHUTTING_DOWN, "The server is shutting down.");
    }
    String id = request.id().orElseGet(() -> UUID.randomUUID().toString());
    if (!LOWER_CASE_UUID.matcher(id).matches()) {
      throw new KernelException(
          Reason.BAD_KERNEL_ID, "A kernel id must be a UUID in lower case: " + id);
    }
    if (kernels.containsKey(id)) {
      throw new KernelException(Reason.DUPLICATE_KERNEL_ID, "Kernel " + id + " exists already.");
    }
    KernelSpec spec = spec(request.name());
    boolean opens = request.session().isEmpty();
    SessionSnapshot session =
        request
            .session()
            .map(this::activeSession)
            .orElseGet(
                () ->
                    sessions.open(
                        SessionSettings.of(spec.kind())
                            .withIdleTimeout(NEVER)
                            .withApplication(application(request, spec)),
                        caller));
    Kernel kernel =
        new Kernel(
            new KernelDescription(id, spec.name(), spec.kind(), spec.language(), opens),
            sessions,
            session,
            Optional.empty(),
            services,
            this::ended);
    keptIn.ifPresent(kernel::keep);
    kernels.put(id, kernel);
    try {
      kernel.start();
    } catch (SessionException e) {
      kernels.remove(id, kernel);
      kernel.journal().delete();
      throw e;
    }
    log.info(
        "kernel {} made on session {} for {}",
        id,
        session.id(),
        caller.user().orElse(caller.address()));
    return kernel;
  }

  /** A kernelspec with a launch profile is chosen for that, whatever the environment says. */
  private static ApplicationSettings application(NewKernel request, KernelSpec spec) {
    ApplicationSettings asked = request.application();
    if (spec.profile().isEmpty()) {
      return asked;
    }
    Map<String, String> conf = new HashMap<>(asked.conf());
    conf.put(ApplicationSettings.PROFILE, spec.profile().get());
    return asked.withConf(conf);
  }

  /**
   * Takes over the kernels of an earlier server whose sessions are there still.
   *
   * @param clients gives each of them its clients back, and returns these by their names
   */
  public void takeOver(Function<Kernel, Map<String, KernelConnection>> clients) {
    store.map(KernelStore::left).orElse(List.of()).forEach(journal -> takeOver(journal, clients));
  }

  private synchronized void takeOver(
      KernelJournal journal, Function<Kernel, Map<String, KernelConnection>> clients) {
    KernelJournal.Identity identity = journal.identity();
    try {
      SessionSnapshot session = sessions.session(String.valueOf(identity.sessionId()));
      // The launch profile of its name may be gone, but its session goes on.
      KernelSpec spec =
          findSpec(identity.name())
              .orElseGet(() -> spec(Optional.of(session.settings().kind().canonicalName())));
      Kernel kernel =
          new Kernel(
              new KernelDescription(
                  identity.id(),
                  identity.name(),
                  spec.kind(),
                  spec.language(),
                  identity.ownsSession()),
              sessions,
              session,
              Optional.of(identity),
              services,
              this::ended);
      kernels.put(identity.id(), kernel);
      kernel.resume(journal, clients);
      log.info("kernel {} goes on with session {}", identity.id(), identity.sessionId());
    } catch (KernelException | SessionException e) {
      log.warn("kernel {} cannot go on: {}", identity.id(), e.getMessage());
      kernels.remove(identity.id());
      journal.delete();
    } catch (RuntimeException e) {
      // One that is damaged must not keep the server from starting. Its files stay as they are.
      log.error("kernel {} cannot be restored, and is left as it is", identity.id(), e);
      giveUp(identity.id(), journal);
    }
  }

  private void giveUp(String id, KernelJournal journal) {
    Kernel damaged = kernels.remove(id);
    if (damaged == null) {
      journal.leave();
    } else {
      damaged.release();
    }
  }

  private void ended(Kernel kernel) {
    kernels.remove(kernel.id(), kernel);
    onEnd.accept(kernel);
  }

  /**
   * Returns the kernelspecs of the languages that sessions can run; of Jupyter kernels, only those
   * that the operator has named.
   */
  public KernelSpecs specs() {
    return specs(
        services.jupyterKernels().isEmpty()
            ? List.of()
            : sessions.jupyterKernels().stream()
                .filter(kernel -> services.jupyterKernels().contains(kernel.name()))
                .toList());
  }

  private KernelSpecs specs(List<InstalledKernel> jupyterKernels) {
    return KernelSpecs.ALL
        .of(sessions.languages())
        .with(jupyterKernels)
        .withProfiles(sessions.profiles().all());
  }

  private KernelSpec spec(Optional<String> name) {
    return name.map(this::findSpec)
        .orElseGet(() -> specs().list().stream().findFirst())
        .orElseThrow(
            () ->
                new KernelException(
                    Reason.UNKNOWN_KERNEL_NAME,
                    "There is no kernel of the name " + name.orElse("") + "."));
  }

  private Optional<KernelSpec> findSpec(String name) {
    return specs().find(name).or(() -> specs(sessions.jupyterKernels()).find(name));
  }

  private SessionSnapshot activeSession(String idOrName) {
    SessionSnapshot session = sessions.session(idOrName);
    if (!session.state().isActive()) {
      throw new SessionException(ErrorCode.WRONG_STATE, "Session is in state " + session.state());
    }
    return session;
  }

  /** Returns all kernels. */
  public List<Kernel> kernels() {
    return List.copyOf(kernels.values());
  }

  /**
   * Returns the kernel of that id.
   *
   * @throws KernelException if there is none
   */
  public Kernel kernel(String id) {
    return find(id)
        .orElseThrow(
            () -> new KernelException(Reason.KERNEL_NOT_FOUND, "Kernel does not exist: " + id));
  }

  /** Returns the kernel of that id, if there is one. */
  public Optional<Kernel> find(String id) {
    return Optional.ofNullable(kernels.get(id));
  }

  /** Ends all kernels and leaves their sessions alone. */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
    }
    kernels().forEach(Kernel::release);
  }
}
