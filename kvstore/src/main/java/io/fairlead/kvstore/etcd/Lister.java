package io.fairlead.kvstore.etcd;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.KVGrpc;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RangeResponse;
import io.fairlead.kvstore.KeyValue;
import io.fairlead.kvstore.Listing;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;

/** Reads a prefix page by page, all pages at the revision of the first. */
final class Lister {
    private static final int ATTEMPTS = 3;

    private final EtcdConnection connection;

    Lister(EtcdConnection connection) {
        this.connection = connection;
    }

    Future<Listing> list(String prefix) {
        return list(new Prefixes(List.of(prefix)));
    }

    /** All entries under any of the prefixes, as of one revision. */
    Future<Listing> list(Prefixes prefixes) {
        return list(prefixes, ATTEMPTS);
    }

    /** Its revision may be compacted away between two pages: then there is nothing to do but to begin again. */
    private Future<Listing> list(Prefixes prefixes, int attempts) {
        Future<Listing> all = Future.succeededFuture(new Listing(0, List.of()));
        for (String prefix : prefixes.all()) {
            all = all.compose(
                    sofar -> page(prefix, Wire.first(prefix), sofar.revision(), new ArrayList<>(sofar.entries())));
        }
        return all.recover(cause -> attempts > 1 && Failures.isCompacted(cause)
                ? list(prefixes, attempts - 1)
                : Future.failedFuture(cause));
    }

    private Future<Listing> page(String prefix, ByteString from, long revision, List<KeyValue> sofar) {
        RangeRequest request = RangeRequest.newBuilder()
                .setKey(from)
                .setRangeEnd(Wire.end(prefix))
                .setRevision(revision)
                .setLimit(connection.options().pageSize())
                .build();
        return connection
                .unary("list " + prefix, KVGrpc.getRangeMethod(), request)
                .compose(page -> next(prefix, revision, page, sofar));
    }

    private Future<Listing> next(String prefix, long revision, RangeResponse page, List<KeyValue> sofar) {
        long at = revision == 0 ? page.getHeader().getRevision() : revision;
        page.getKvsList().forEach(kv -> sofar.add(Wire.entry(kv)));
        if (!page.getMore() || page.getKvsCount() == 0) {
            return Future.succeededFuture(new Listing(at, sofar));
        }
        ByteString last = page.getKvs(page.getKvsCount() - 1).getKey();
        return page(prefix, Wire.after(last), at, sofar);
    }
}
