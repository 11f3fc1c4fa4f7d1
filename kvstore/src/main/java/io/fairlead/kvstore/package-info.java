/**
 * The store behind a port: what services may ask of etcd, without knowing it.
 *
 * <p>Two stores keep one contract: {@code etcd} and {@code memory}.
 */
@NullMarked
package io.fairlead.kvstore;

import org.jspecify.annotations.NullMarked;
