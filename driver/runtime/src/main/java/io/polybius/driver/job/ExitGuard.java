package io.polybius.driver.job;

import java.security.Permission;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a job from ending the driver, and with it the session of others, by {@code System.exit},
 * also on a thread that it has started. It permits all else. Statements are not kept from it: their
 * user sees what they do.
 */
@SuppressWarnings("removal") // In the Java that drivers have, there is nothing else that can.
final class ExitGuard extends SecurityManager {

  private static final Logger log = LoggerFactory.getLogger(ExitGuard.class);

  private ExitGuard() {}

  /** Takes effect unless there is such a guard, or Java has none. */
  static void install() {
    if (System.getSecurityManager() == null) {
      try {
        System.setSecurityManager(new ExitGuard());
      } catch (UnsupportedOperationException e) {
        log.info("jobs can end the driver by System.exit: {}", e.getMessage());
      }
    }
  }

  @Override
  public void checkExit(int status) {
    if (JobThread.isOfAJob(Thread.currentThread())) {
      throw new SecurityException(
          "A job must not end the session's driver, but this one has called System.exit("
              + status
              + "). It ends by returning or by throwing an exception.");
    }
  }

  @Override
  public void checkPermission(Permission permission) {}

  @Override
  public void checkPermission(Permission permission, Object context) {}

  // What is asked often would make a permission each time, only to be permitted.

  @Override
  public void checkPackageAccess(String name) {}

  @Override
  public void checkPropertyAccess(String name) {}

  @Override
  public void checkRead(String file) {}

  @Override
  public void checkWrite(String file) {}

  @Override
  public void checkDelete(String file) {}

  @Override
  public void checkConnect(String host, int port) {}

  @Override
  public void checkAccept(String host, int port) {}

  @Override
  public void checkAccess(Thread thread) {}

  @Override
  public void checkAccess(ThreadGroup group) {}
}
