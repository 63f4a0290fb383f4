/** Tests of the whole product: real processes, real Spark, real clients. */
package io.polybius.tests;
