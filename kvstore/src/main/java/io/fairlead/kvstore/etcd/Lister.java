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
    private static final int PAGE_DIVISOR = 8;

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
            all = all.compose(sofar ->
                    new Pages(prefix, new ArrayList<>(sofar.entries())).from(Wire.first(prefix), sofar.revision()));
        }
        return all.recover(cause -> attempts > 1 && Failures.isCompacted(cause)
                ? list(prefixes, attempts - 1)
                : Future.failedFuture(cause));
    }

    /** The pages of one prefix, one after the other; smaller ones where values are large. */
    private final class Pages {
        private final String prefix;
        private final List<KeyValue> sofar;
        // owned by: the request on its way
        private int size = connection.options().pageSize();

        Pages(String prefix, List<KeyValue> sofar) {
            this.prefix = prefix;
            this.sofar = sofar;
        }

        Future<Listing> from(ByteString first, long revision) {
            RangeRequest request = RangeRequest.newBuilder()
                    .setKey(first)
                    .setRangeEnd(Wire.end(prefix))
                    .setRevision(revision)
                    .setLimit(size)
                    .build();
            return connection
                    .unary("list " + prefix, KVGrpc.getRangeMethod(), request)
                    .compose(page -> next(revision, page), cause -> {
                        if (size == 1 || !Failures.isTooLarge(cause)) {
                            return Future.failedFuture(cause);
                        }
                        size = Math.max(1, size / PAGE_DIVISOR);
                        return from(first, revision);
                    });
        }

        private Future<Listing> next(long revision, RangeResponse page) {
            long at = revision == 0 ? page.getHeader().getRevision() : revision;
            page.getKvsList().forEach(kv -> sofar.add(Wire.entry(kv)));
            if (!page.getMore() || page.getKvsCount() == 0) {
                return Future.succeededFuture(new Listing(at, sofar));
            }
            ByteString last = page.getKvs(page.getKvsCount() - 1).getKey();
            return from(Wire.after(last), at);
        }
    }
}
