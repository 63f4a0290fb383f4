package io.polybius.session;

import java.util.Optional;

/**
 * A batch as it was at one moment.
 *
 * @param id counts from 0, never used twice
 * @param settings what its creator asked for
 * @param owner who created it
 * @param state where it was in its life
 * @param application what its cluster says of its application, if a cluster has one
 * @param endedMillis epoch milliseconds of its end, 0 before
 */
public record BatchSnapshot(
    int id,
    BatchSettings settings,
    Optional<String> owner,
    BatchState state,
    Optional<ClusterApplication> application,
    long endedMillis) {}
