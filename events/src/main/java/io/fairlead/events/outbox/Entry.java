package io.fairlead.events.outbox;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

/**
 * An event in the outbox.
 *
 * @param seq counts the outbox's entries, from 1
 * @param key the record's key; empty for a mark alone
 * @param value the record's JSON
 * @param fact what it makes known
 * @param mark revision of the store up to which everything is in the outbox with this entry, 0 for none
 * @param timeMs when it was seen, Unix time in ms
 */
public record Entry(long seq, String key, String value, Fact fact, long mark, long timeMs) {
    /** Length and checksum before each payload. */
    static final int HEADER = 8;
    /** More than etcd lets a value have, with room for what is told around it. */
    static final int MAX_PAYLOAD = 4 << 20;

    private static final int FIXED = 8 + 8 + 8 + 8 + 8 + 1 + 2 + 2;

    /**
     * What an event says of its entity.
     *
     * @param epoch of the store
     * @param revision of the change
     * @param hash of the entity's detail, 0 when it is gone
     * @param deleted true when it is gone
     */
    public record Fact(String epoch, long revision, long hash, boolean deleted) {
        /** Hash of a detail's text; never 0. */
        public static long hash(String detail) {
            byte[] bytes = detail.getBytes(StandardCharsets.UTF_8);
            CRC32C crc = new CRC32C();
            crc.update(bytes);
            return crc.getValue() << 31 | bytes.length | 1L << 30;
        }
    }

    /** True when there is nothing to send, only a mark. */
    public boolean isMark() {
        return key.isEmpty();
    }

    /** Bytes on disk. */
    int size() {
        return HEADER + FIXED + utf8(key).length + utf8(fact.epoch()).length + utf8(value).length;
    }

    void write(ByteBuffer to) {
        int start = to.position();
        to.position(start + HEADER);
        byte[] keyBytes = utf8(key);
        byte[] epochBytes = utf8(fact.epoch());
        to.putLong(seq).putLong(mark).putLong(timeMs).putLong(fact.revision()).putLong(fact.hash());
        to.put((byte) (fact.deleted() ? 1 : 0));
        to.putShort((short) keyBytes.length).put(keyBytes);
        to.putShort((short) epochBytes.length).put(epochBytes);
        to.put(utf8(value));
        int length = to.position() - start - HEADER;
        to.putInt(start, length).putInt(start + 4, checksum(to, start + HEADER, length));
    }

    /** Reads a payload whose checksum was compared. */
    static Entry read(ByteBuffer payload) {
        long seq = payload.getLong();
        long mark = payload.getLong();
        long timeMs = payload.getLong();
        long revision = payload.getLong();
        long hash = payload.getLong();
        boolean deleted = payload.get() == 1;
        String key = text(payload, Short.toUnsignedInt(payload.getShort()));
        String epoch = text(payload, Short.toUnsignedInt(payload.getShort()));
        String value = text(payload, payload.remaining());
        return new Entry(seq, key, value, new Fact(epoch, revision, hash, deleted), mark, timeMs);
    }

    static int checksum(ByteBuffer buffer, int from, int length) {
        CRC32C crc = new CRC32C();
        crc.update(buffer.duplicate().position(from).limit(from + length));
        return (int) crc.getValue();
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String text(ByteBuffer from, int length) {
        byte[] bytes = new byte[length];
        from.get(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
