package io.polybius.rest;

/** The state of a session or a batch. */
record StateJson(int id, String state) {}
