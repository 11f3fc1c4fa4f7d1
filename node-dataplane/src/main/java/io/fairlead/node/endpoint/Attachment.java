package io.fairlead.node.endpoint;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * One interface of one container: what CNI operations are about.
 *
 * @param containerId as the runtime names it; not always hexadecimal
 * @param ifname name of the interface in the container
 */
public record Attachment(String containerId, String ifname) implements Comparable<Attachment> {
    /** What names of host ends begin with: the interfaces that are ours. */
    public static final String HOST_PREFIX = "lxc";

    /** Interface of the agent's own health endpoint; no runtime may give a container such an id. */
    public static final Attachment HEALTH = new Attachment("reserved:health", "eth0");

    /** Name of the host's end: 15 bytes, from a hash, because ids of containers may share their beginning. */
    public String hostInterface() {
        if (equals(HEALTH)) {
            return HOST_PREFIX + "_health";
        }
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(toString().getBytes(StandardCharsets.UTF_8));
            return HOST_PREFIX + HexFormat.of().formatHex(hash, 0, 6);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    @Override
    public int compareTo(Attachment other) {
        int byContainer = containerId.compareTo(other.containerId);
        return byContainer != 0 ? byContainer : ifname.compareTo(other.ifname);
    }

    @Override
    public String toString() {
        return containerId + "/" + ifname;
    }
}
