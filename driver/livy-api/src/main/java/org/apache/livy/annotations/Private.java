package org.apache.livy.annotations;

import java.lang.annotation.Documented;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;

/** Marks what Livy keeps for itself. */
@Documented
@Retention(RetentionPolicy.CLASS)
public @interface Private {}
