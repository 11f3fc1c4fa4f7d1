package io.fairlead.kvstore;

/**
 * An entry of the store.
 *
 * @param key its key
 * @param value its value; bytes that are no UTF-8 are replaced, so that a reader refuses them by content
 * @param createRevision revision at which the key appeared
 * @param modRevision revision of its last change
 * @param lease id of the lease it hangs on, 0 for none
 */
public record KeyValue(String key, String value, long createRevision, long modRevision, long lease) {}
