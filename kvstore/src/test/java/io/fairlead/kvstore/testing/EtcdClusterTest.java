package io.fairlead.kvstore.testing;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.kvstore.KeyValue;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import io.fairlead.kvstore.etcd.EtcdKvStore;
import io.fairlead.kvstore.etcd.EtcdOptions;
import io.fairlead.runtime.Awaiting;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("etcd")
class EtcdClusterTest {
    @Test
    void threeMembersKeepAnAcknowledgedWriteWhenOneIsKilledAndAnotherRestarted(@TempDir Path directory) {
        try (EtcdCluster cluster = EtcdCluster.startOnLoopback(directory, 3);
                EtcdKvStore store = new EtcdKvStore(EtcdOptions.of(cluster.endpoints()))) {
        }
    }
}
