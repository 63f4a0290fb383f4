/**
 * Compiled jobs: functions that clients send to run beside the statements. {@link
 * io.polybius.driver.job.JobRunner} runs those of all languages.
 */
package io.polybius.driver.job;
