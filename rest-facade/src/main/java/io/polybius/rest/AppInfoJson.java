package io.polybius.rest;

/** Where more is found about an application. */
record AppInfoJson(String driverLogUrl, String sparkUiUrl, String executorLogUrls) {}
