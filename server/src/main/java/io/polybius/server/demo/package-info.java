/** The demonstration: notebooks run through Jupyter's sockets, shown in the terminal. */
package io.polybius.server.demo;
