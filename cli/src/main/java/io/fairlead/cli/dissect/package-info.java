/**
 * Headers of a packet, as text: each layer with its fields in gopacket's form, and who talks to whom.
 *
 * <p>Whatever the bytes are, nothing is read beyond them: what does not fit is left out.
 */
@NullMarked
package io.fairlead.cli.dissect;

import org.jspecify.annotations.NullMarked;
