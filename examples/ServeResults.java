import com.sun.net.httpserver.HttpServer;
import io.polybius.client.SessionClient;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import org.apache.spark.sql.Dataset;

/**
 * An application that answers from a shared session: it prepares a table once and keeps it there in
 * memory; each request is a small job on it. Others can join the session by its name, "squares",
 * and see the table too: kernel.shared("squares") in a notebook.
 */
class ServeResults {

  public static void main(String[] arguments) throws Exception {
    String server = arguments.length > 0 ? arguments[0] : "http://localhost:8998";
    int port = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 8080;
    SessionClient session = SessionClient.at(server).name("squares").open();
    Runtime.getRuntime().addShutdownHook(new Thread(session::close));
    session.uploadClassesOf(ServeResults.class);
    session.run(
        context -> {
          Dataset<?> squares =
              context.sparkSession().range(1000).selectExpr("id", "id * id as square").cache();
          context.setSharedObject("squares", squares);
          return squares.count();
        });

    HttpServer http = HttpServer.create(new InetSocketAddress("localhost", port), 0);
    http.createContext(
        "/squares/",
        request -> {
          String id = request.getRequestURI().getPath().replaceAll("\\D", "");
          String square =
              session.run(
                  context ->
                      context
                          .<Dataset<?>>sharedObject("squares")
                          .where("id = '" + id + "'")
                          .select("square")
                          .collectAsList()
                          .toString());
          byte[] body = square.getBytes(StandardCharsets.UTF_8);
          request.sendResponseHeaders(200, body.length);
          request.getResponseBody().write(body);
          request.close();
        });
    http.start();
    System.out.println("Ask http://localhost:" + http.getAddress().getPort() + "/squares/12");
  }
}
