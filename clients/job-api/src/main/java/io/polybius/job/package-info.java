/**
 * What a job is made of: a function that a client sends to a session, which runs in the session's
 * driver beside its Spark and whose value comes back to the client.
 */
package io.polybius.job;
