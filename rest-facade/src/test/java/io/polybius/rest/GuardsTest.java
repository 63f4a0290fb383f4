package io.polybius.rest;

import static io.polybius.rest.TestingRestServer.json;
import static org.assertj.core.api.Assertions.assertThat;

import io.polybius.session.testing.ScriptedDriver.Script;
import io.polybius.session.testing.ScriptedLauncher;
import io.undertow.security.api.AuthenticationMechanism;
import io.undertow.security.api.AuthenticationMode;
import io.undertow.security.handlers.AuthenticationCallHandler;
import io.undertow.security.handlers.AuthenticationConstraintHandler;
import io.undertow.security.handlers.AuthenticationMechanismsHandler;
import io.undertow.security.handlers.SecurityInitialHandler;
import io.undertow.security.idm.Account;
import io.undertow.security.idm.Credential;
import io.undertow.security.idm.IdentityManager;
import io.undertow.security.idm.PasswordCredential;
import io.undertow.security.impl.BasicAuthenticationMechanism;
import io.undertow.server.HttpHandler;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.Principal;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What stands around the routes: protection from other sites, and who asks. */
@Timeout(20)
class GuardsTest {

  private TestingRestServer server;

  @AfterEach
  void stop() {
    server.close();
  }

  private void serveWith(boolean csrfProtection, UnaryOperator<HttpHandler> around) {
    server =
        new TestingRestServer(
            ScriptedLauncher.ready(Script.TINY),
            new RestSettings(
                TestingRestServer.VERSION,
                csrfProtection,
                1 << 20,
                TestingRestServer.SECURITY_HEADERS),
            Deadlines.DEFAULT,
            around);
  }

  @Test
  void changesNeedAHeaderWhenTheOperatorWantsIt() {
    serveWith(true, handler -> handler);

    HttpResponse<String> refused = server.post("/sessions", "{}");
    assertThat(refused.statusCode()).isEqualTo(400);
    assertThat(refused.body())
        .isEqualTo("{\"msg\":\"Missing Required Header for CSRF protection.\"}");
    assertThat(server.delete("/sessions/0").statusCode()).isEqualTo(400);
    assertThat(server.get("/sessions").body()).contains("\"total\":0");

    HttpResponse<String> allowed =
        server.send(
            server
                .to("/sessions")
                .header("X-Requested-By", "me")
                .POST(HttpRequest.BodyPublishers.ofString("{}")));
    assertThat(allowed.statusCode()).isEqualTo(201);
    assertThat(
            server
                .send(server.to("/version").method("HEAD", HttpRequest.BodyPublishers.noBody()))
                .statusCode())
        .isEqualTo(200);
  }

  @Test
  void authenticatedCallerOwnsTheSessionThatItOpens() {
    serveWith(false, GuardsTest::withPasswords);

    assertThat(server.post("/sessions", "{}").statusCode()).isEqualTo(401);
    HttpResponse<String> opened =
        server.send(
            fromAlice("/sessions")
                .POST(HttpRequest.BodyPublishers.ofString("{\"proxyUser\":\"bob\"}")));

    assertThat(opened.statusCode()).isEqualTo(201);
    assertThat(json(opened).get("owner").asText()).isEqualTo("alice");
    assertThat(json(opened).get("proxyUser").isNull()).isTrue();
  }

  @Test
  void doAsChangesNothing() {
    serveWith(false, GuardsTest::withPasswords);

    HttpResponse<String> opened =
        server.send(
            fromAlice("/sessions?doAs=bob").POST(HttpRequest.BodyPublishers.ofString("{}")));

    assertThat(opened.statusCode()).isEqualTo(201);
    assertThat(json(opened).get("owner").asText()).isEqualTo("alice");
    assertThat(json(opened).get("proxyUser").isNull()).isTrue();
    HttpResponse<String> listed = server.send(fromAlice("/sessions?doAs=bob").GET());
    assertThat(json(listed).get("total").asInt()).isOne();
  }

  private HttpRequest.Builder fromAlice(String path) {
    String login =
        Base64.getEncoder().encodeToString("alice:secret".getBytes(StandardCharsets.UTF_8));
    return server.to(path).header("Authorization", "Basic " + login);
  }

  private static HttpHandler withPasswords(HttpHandler api) {
    List<AuthenticationMechanism> mechanisms = List.of(new BasicAuthenticationMechanism("test"));
    HttpHandler called = new AuthenticationCallHandler(api);
    HttpHandler constrained = new AuthenticationConstraintHandler(called);
    return new SecurityInitialHandler(
        AuthenticationMode.PRO_ACTIVE,
        new OnlyAlice(),
        new AuthenticationMechanismsHandler(constrained, mechanisms));
  }

  private static final class OnlyAlice implements IdentityManager {
    private record User(Principal principal) implements Account {
      @Override
      public Principal getPrincipal() {
        return principal;
      }

      @Override
      public Set<String> getRoles() {
        return Set.of();
      }
    }

    @Override
    public Account verify(Account account) {
      return account;
    }

    @Override
    public Account verify(String id, Credential credential) {
      boolean right =
          id.equals("alice")
              && new String(((PasswordCredential) credential).getPassword()).equals("secret");
      return right ? new User(() -> id) : null;
    }

    @Override
    public Account verify(Credential credential) {
      return null;
    }
  }
}
