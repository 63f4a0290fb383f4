package io.polybius.cluster;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.hdfs.HdfsConfiguration;
import org.apache.hadoop.hdfs.server.datanode.DataNode;
import org.apache.hadoop.hdfs.server.namenode.NameNode;
import org.apache.hadoop.metrics2.lib.DefaultMetricsSystem;

/** The process of HDFS: a new file system, with both daemons in one JVM. */
final class HdfsMain {

  /** The last one that is made. */
  static final String USERS = "/user";

  private static final long START_SECONDS = 60;
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
  private static final short EVERYBODY_ADDS = 01777;

  private HdfsMain() {}

  /** Starts both daemons, which keep the process alive, and makes the folders that users need. */
  public static void main(String[] arguments) throws IOException {
    DefaultMetricsSystem.setMiniClusterMode(true);
    HdfsConfiguration settings = new HdfsConfiguration();
    NameNode.format(settings);
    NameNode.createNameNode(new String[0], settings);
    DataNode dataNode = DataNode.createDataNode(new String[0], settings);
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
    while (!dataNode.isDatanodeFullyStarted()) {
      if (System.nanoTime() > deadline) {
        throw new IOException("the data node has not found the name node");
      }
      LockSupport.parkNanos(LOOK_NANOS);
    }
    try (FileSystem files = FileSystem.get(settings)) {
      for (String name : List.of("/tmp", USERS)) {
        Path folder = new Path(name);
        files.mkdirs(folder);
        files.setPermission(folder, new FsPermission(EVERYBODY_ADDS));
      }
    }
  }
}
