/**
 * The store on etcd 3.4 or later: generated stubs on one channel of its own, and supervision of our own.
 *
 * <p>The only package that may import jetcd and grpc's transport; everything runs on one event loop thread per store.
 */
@NullMarked
package io.fairlead.kvstore.etcd;

import org.jspecify.annotations.NullMarked;
