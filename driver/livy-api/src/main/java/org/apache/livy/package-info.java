/**
 * The types that a job written for Livy refers to, under the names and with the signatures that its
 * compiled code has. Clients have Livy's own; these are for the driver, where jobs run.
 */
package org.apache.livy;
