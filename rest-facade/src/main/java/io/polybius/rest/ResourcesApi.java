package io.polybius.rest;

import io.polybius.driver.protocol.ResourceKind;
import io.polybius.session.ResourceUpload;
import io.polybius.session.SessionException;
import io.polybius.session.SessionService;
import io.undertow.util.StatusCodes;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * The routes by which clients add jars and files to a session. They are answered when the session's
 * code can use what was added.
 */
final class ResourcesApi {

  /** What a form may have around its file: boundaries, headers, small fields. */
  private static final int FORM_BYTES = 1 << 20;

  private final SessionService sessions;
  private final LastingRequests lasting;
  private final long maxUploadBytes;

  /**
   * @param lasting where requests are noted while they wait
   * @param maxUploadBytes the largest file
   */
  ResourcesApi(SessionService sessions, LastingRequests lasting, long maxUploadBytes) {
    this.sessions = sessions;
    this.lasting = lasting;
    this.maxUploadBytes = maxUploadBytes;
  }

  record NewResourceJson(String uri) {}

  CompletionStage<Answer> addJar(Request request) {
    return add(request, ResourceKind.JAR);
  }

  CompletionStage<Answer> addFile(Request request) {
    return add(request, ResourceKind.FILE);
  }

  CompletionStage<Answer> addPythonFile(Request request) {
    return add(request, ResourceKind.PYTHON_FILE);
  }

  CompletionStage<Answer> uploadJar(Request request) {
    return upload(request, ResourceKind.JAR, "jar");
  }

  CompletionStage<Answer> uploadFile(Request request) {
    return upload(request, ResourceKind.FILE, "file");
  }

  CompletionStage<Answer> uploadPythonFile(Request request) {
    return upload(request, ResourceKind.PYTHON_FILE, "file");
  }

  private CompletionStage<Answer> add(Request request, ResourceKind kind) {
    String uri = request.body().as(NewResourceJson.class).uri();
    if (uri == null) {
      throw RejectedRequestException.bad("requirement failed: no uri provided.");
    }
    return whenAdded(sessions.addResource(request.session(), kind, uri));
  }

  private CompletionStage<Answer> whenAdded(CompletionStage<Void> adding) {
    return lasting.until(adding.toCompletableFuture()).thenApply(nothing -> Answer.empty());
  }

  /**
   * Takes a file out of a form.
   *
   * @param field the name of the form's field that has it
   */
  private CompletionStage<Answer> upload(Request request, ResourceKind kind, String field) {
    String session = String.valueOf(sessions.session(request.session()).id());
    IncomingBody body = request.incoming().orElseThrow();
    if (body.length() > maxUploadBytes + FORM_BYTES) {
      throw RejectedRequestException.uploadTooLarge(maxUploadBytes);
    }
    Optional<String> boundary =
        body.contentType()
            .map(type -> PartHeader.parameters(type, "multipart/form-data").get("boundary"));
    if (boundary.isEmpty()) {
      return CompletableFuture.completedFuture(nothingSent(field));
    }
    FormFile form = new FormFile(boundary.get(), field);
    return sessions.upload(session, kind).thenCompose(upload -> receive(body, form, upload));
  }

  private CompletionStage<Answer> receive(IncomingBody body, FormFile form, ResourceUpload upload) {
    form.upload = upload;
    upload.setListener(() -> upload.failure().ifPresent(body::end));
    Runnable done = lasting.add(() -> body.end(SessionException.shuttingDown()));
    return body.read(form, maxUploadBytes + FORM_BYTES)
        .whenComplete((nothing, failure) -> done.run())
        .thenCompose(
            ended -> {
              form.finish();
              return form.found
                  ? whenAdded(upload.finish())
                  : CompletableFuture.completedFuture(nothingSent(form.field));
            })
        .whenComplete((answer, failure) -> upload.close());
  }

  /** Returns Livy's answer, which is a bare text. */
  private static Answer nothingSent(String field) {
    return Answer.json(StatusCodes.BAD_REQUEST, "No " + field + " sent!");
  }

  /** Writes the file of a form's field to an upload, and leaves out all else. */
  private final class FormFile implements IncomingBody.Reader, MultipartReader.Parts {

    private final MultipartReader reader;
    private final String field;
    private ResourceUpload upload;
    private boolean found;
    private boolean inFile;
    private long bytesOfFile;

    FormFile(String boundary, String field) {
      this.reader = new MultipartReader(boundary, this);
      this.field = field;
    }

    @Override
    public ByteBuffer room() {
      return reader.room();
    }

    @Override
    public void read() {
      reader.read();
    }

    void finish() {
      reader.finish();
    }

    /** A field without the name of a file is none; forms are sent so when none was chosen. */
    @Override
    public void begin(PartHeader header) {
      inFile = !found && header.name().equals(field) && !header.fileName().isEmpty();
      if (inFile) {
        found = true;
        upload.begin(header.fileName());
      }
    }

    @Override
    public void content(ByteBuffer bytes) {
      if (inFile) {
        bytesOfFile += bytes.remaining();
        if (bytesOfFile > maxUploadBytes) {
          throw RejectedRequestException.uploadTooLarge(maxUploadBytes);
        }
        upload.write(bytes);
      }
    }

    @Override
    public void end() {
      inFile = false;
    }
  }
}
