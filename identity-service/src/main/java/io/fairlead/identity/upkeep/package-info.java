/**
 * What keeps identities in order with nobody asking: references of released nodes go, unused numbers are taken back, and
 * what somebody removed by mistake is written again.
 *
 * <p>Every replica does all of it, without a leader: each step is one transaction that demands that what it rests on still
 * holds, so a step that two replicas take happens once.
 */
@NullMarked
package io.fairlead.identity.upkeep;

import org.jspecify.annotations.NullMarked;
