package io.fairlead.runtime.stream;

import com.google.protobuf.MessageLite;

/** Makes responses of chunks. The response's nonce is its field 1, a varint, and is left out. */
@FunctionalInterface
public interface TableCodec<K, V> {
    /** The response without its nonce; encoded once and shared by all nodes that are to get the same. */
    MessageLite encode(Chunk<K, V> chunk);
}
