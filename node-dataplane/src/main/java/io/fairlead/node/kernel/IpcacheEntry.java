package io.fairlead.node.kernel;

import io.fairlead.contract.IdentityId;
import io.fairlead.contract.Ip;
import java.util.Optional;

/**
 * Entry of the map "ipcache": which identity the addresses of a prefix have.
 *
 * @param identity the identity
 * @param host address of the node that has them; empty for what is not in the cluster
 */
public record IpcacheEntry(IdentityId identity, Optional<Ip> host) {}
