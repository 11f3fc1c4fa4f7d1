package io.fairlead.runtime.grpc.tls;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads PEM files (RFC 7468); whatever is wrong with one is said with its path and never with what is in it. */
final class Pem {
    private static final Pattern BLOCK =
            Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\\s]*)-----END \\1-----");
    private static final int MOST_BYTES = 1 << 20;

    private Pem() {}

    private record Block(Path file, String label, String base64) {
        byte[] der() {
            try {
                return Base64.getMimeDecoder().decode(base64);
            } catch (IllegalArgumentException e) {
                // the cause may quote what is there
                throw wrong(file, "is not PEM", "base64 between BEGIN and END", null);
            }
        }
    }

    /**
     * The certificates in a file, in their order.
     *
     * @throws IllegalArgumentException naming the file when there is none or one cannot be read
     */
    static List<X509Certificate> certificates(Path file) {
        List<X509Certificate> found = new ArrayList<>();
        for (Block block : blocks(file)) {
            if (block.label().equals("CERTIFICATE")) {
                try {
                    found.add((X509Certificate) CertificateFactory.getInstance("X.509")
                            .generateCertificate(new ByteArrayInputStream(block.der())));
                } catch (GeneralSecurityException e) {
                    throw wrong(
                            file, "certificate " + (found.size() + 1) + " cannot be read", "an X.509 certificate", e);
                }
            }
        }
        if (found.isEmpty()) {
            throw wrong(file, "holds no certificate", "PEM with -----BEGIN CERTIFICATE-----", null);
        }
        return found;
    }

    /**
     * The private key in a file: PKCS #8, or the older forms of RSA and EC keys.
     *
     * @param of the public key it belongs to; says which kind of key to expect
     * @throws IllegalArgumentException naming the file when there is none that can be read
     */
    static PrivateKey key(Path file, PublicKey of) {
        for (Block block : blocks(file)) {
            if (block.label().equals("ENCRYPTED PRIVATE KEY")) {
                throw wrong(file, "is encrypted", "a key without a password", null);
            }
            byte[] pkcs8 = switch (block.label()) {
                case "PRIVATE KEY" -> block.der();
                case "RSA PRIVATE KEY", "EC PRIVATE KEY" -> wrapped(block.der(), of);
                default -> new byte[0];
            };
            if (pkcs8.length > 0) {
                try {
                    return KeyFactory.getInstance(of.getAlgorithm()).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
                } catch (GeneralSecurityException e) {
                    // the cause may quote the key's bytes
                    throw wrong(
                            file,
                            "cannot be read as a private key",
                            "the " + of.getAlgorithm() + " key of the certificate",
                            null);
                }
            }
        }
        throw wrong(file, "holds no private key", "PEM with -----BEGIN PRIVATE KEY-----", null);
    }

    /** PKCS #8 is the older form behind a version and an algorithm, and the certificate's key names the same algorithm. */
    private static byte[] wrapped(byte[] der, PublicKey of) {
        byte[] algorithm = firstOf(of.getEncoded());
        byte[] version = {2, 1, 0};
        return sequence(0x30, version, algorithm, sequence(0x04, der));
    }

    /** The first element of a sequence. */
    private static byte[] firstOf(byte[] der) {
        int start = 2 + ((der[1] & 0x80) == 0 ? 0 : der[1] & 0x7f);
        int length = der[start + 1] & 0xff; // an algorithm's identifier is shorter than 128 bytes
        return Arrays.copyOfRange(der, start, start + 2 + length);
    }

    private static byte[] sequence(int tag, byte[]... parts) {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            body.writeBytes(part);
        }
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.write(tag);
        int length = body.size();
        if (length >= 256) {
            all.write(0x82);
            all.write(length >> 8);
        } else if (length >= 128) {
            all.write(0x81);
        }
        all.write(length);
        all.writeBytes(body.toByteArray());
        return all.toByteArray();
    }

    /**
     * What the parts of a file are called.
     *
     * @throws IllegalArgumentException naming the file when it is not PEM
     */
    static List<String> labels(Path file) {
        return blocks(file).stream().map(Block::label).toList();
    }

    private static List<Block> blocks(Path file) {
        String text;
        try {
            if (Files.size(file) > MOST_BYTES) {
                throw wrong(file, "has " + Files.size(file) + " bytes", "a PEM file of at most " + MOST_BYTES, null);
            }
            text = Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            throw wrong(file, "cannot be read", "a readable file: " + e, e);
        }
        List<Block> blocks = new ArrayList<>();
        Matcher matcher = BLOCK.matcher(text);
        while (matcher.find()) {
            blocks.add(new Block(file, matcher.group(1), matcher.group(2)));
        }
        if (blocks.isEmpty()) {
            throw wrong(file, "is not PEM", "text with -----BEGIN …-----", null);
        }
        return blocks;
    }

    static IllegalArgumentException wrong(Path file, String what, String expected, @Nullable Throwable cause) {
        return new IllegalArgumentException(file + ": " + what + " (expected: " + expected + ")", cause);
    }
}
