/** Kernelspecs: the folders by which Jupyter knows kernels and how to start them. */
package io.polybius.server.kernelspec;
