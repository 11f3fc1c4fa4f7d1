/**
 * Who is at the other end of a connection, and what they may: certificates from files, callers by their names, rights by method.
 *
 * <p>Without files nothing changes: connections are plain, callers anonymous, and everybody may everything.
 */
@NullMarked
package io.fairlead.runtime.grpc.tls;

import org.jspecify.annotations.NullMarked;
