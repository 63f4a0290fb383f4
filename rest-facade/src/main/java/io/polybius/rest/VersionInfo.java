package io.polybius.rest;

/**
 * The answer to {@code GET /version}.
 *
 * @param version a release of Livy whose API this server has; clients compare its parts as texts,
 *     so each should be a single digit
 * @param user who built the server
 * @param revision the commit that it was built from
 * @param branch the branch that it was built from
 * @param date when it was built
 * @param url where its source is
 */
public record VersionInfo(
    String version, String user, String revision, String branch, String date, String url) {}
