/** What tests of other modules need to use the real session core without a real driver. */
package io.polybius.session.testing;
