package io.fairlead.kvstore;

/**
 * State of the servers behind a store, for people.
 *
 * @param healthy true when a quorum answers
 * @param text such as "etcd: 1/1 connected, has-quorum=true: 127.0.0.1:2379 - 3.4.23 (Leader)"
 */
public record StoreStatus(boolean healthy, String text) {}
