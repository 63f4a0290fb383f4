/** Sessions that are kept in files. */
package io.polybius.session.store;
