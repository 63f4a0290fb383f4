package io.polybius.driver;

/**
 * What the code of one statement talks to.
 *
 * @param sink where its output goes
 * @param input where its input comes from
 */
record StatementConsole(StatementSink sink, StatementInput input) {}
