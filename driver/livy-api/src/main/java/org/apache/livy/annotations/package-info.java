/** The annotation that compiled code of Livy's may carry. */
package org.apache.livy.annotations;
