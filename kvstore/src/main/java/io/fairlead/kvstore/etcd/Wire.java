package io.fairlead.kvstore.etcd;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.Compare;
import io.etcd.jetcd.api.DeleteRangeRequest;
import io.etcd.jetcd.api.PutRequest;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RequestOp;
import io.etcd.jetcd.api.ResponseOp;
import io.etcd.jetcd.api.TxnRequest;
import io.etcd.jetcd.api.TxnResponse;
import io.fairlead.kvstore.Condition;
import io.fairlead.kvstore.KeyValue;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import io.fairlead.kvstore.TxnResult;
import java.util.ArrayList;
import java.util.List;

/** The port's words as etcd's messages, and back. */
final class Wire {
    private static final ByteString ZERO = ByteString.copyFrom(new byte[1]);

    private Wire() {}

    static ByteString bytes(String text) {
        return ByteString.copyFromUtf8(text);
    }

    /** First key of a prefix; etcd takes no empty one. */
    static ByteString first(String prefix) {
        return prefix.isEmpty() ? ZERO : bytes(prefix);
    }

    /** First key after a prefix, "\0" standing for the end of all. */
    static ByteString end(String prefix) {
        byte[] end = bytes(prefix).toByteArray();
        for (int i = end.length - 1; i >= 0; i--) {
            if (end[i] != (byte) 0xff) {
                end[i]++;
                return ByteString.copyFrom(end, 0, i + 1);
            }
        }
        return ZERO;
    }

    /** The key right after one. */
    static ByteString after(ByteString key) {
        return key.concat(ZERO);
    }

    static KeyValue entry(io.etcd.jetcd.api.KeyValue kv) {
        return entry(kv.getKey().toStringUtf8(), kv);
    }

    /** @param key the entry's, as text */
    static KeyValue entry(String key, io.etcd.jetcd.api.KeyValue kv) {
        return new KeyValue(
                key, kv.getValue().toStringUtf8(), kv.getCreateRevision(), kv.getModRevision(), kv.getLease());
    }

    static List<KeyValue> entries(List<io.etcd.jetcd.api.KeyValue> kvs) {
        return kvs.stream().map(Wire::entry).toList();
    }

    static TxnRequest request(Txn txn) {
        TxnRequest.Builder request = TxnRequest.newBuilder();
        txn.conditions().forEach(condition -> request.addCompare(compare(condition)));
        txn.then().forEach(op -> request.addSuccess(step(op)));
        txn.otherwise().forEach(op -> request.addFailure(step(op)));
        return request.build();
    }

    /** Several as one, each a step of it with conditions of its own; etcd looks at all conditions before the first step. */
    static TxnRequest request(List<Txn> txns) {
        TxnRequest.Builder request = TxnRequest.newBuilder();
        txns.forEach(txn -> request.addSuccess(RequestOp.newBuilder().setRequestTxn(request(txn))));
        return request.build();
    }

    static TxnResult result(TxnResponse response) {
        return result(response, response.getHeader().getRevision());
    }

    /** What became of each of several. */
    static List<TxnResult> results(TxnResponse response) {
        long revision = response.getHeader().getRevision();
        return response.getResponsesList().stream()
                .map(step -> result(step.getResponseTxn(), revision))
                .toList();
    }

    private static TxnResult result(TxnResponse response, long revision) {
        List<List<KeyValue>> reads = new ArrayList<>();
        for (ResponseOp op : response.getResponsesList()) {
            if (op.hasResponseRange()) {
                reads.add(entries(op.getResponseRange().getKvsList()));
            }
        }
        return new TxnResult(response.getSucceeded(), revision, reads);
    }

    private static Compare compare(Condition condition) {
        Compare.Builder compare =
                Compare.newBuilder().setKey(bytes(condition.key())).setResult(Compare.CompareResult.EQUAL);
        if (condition instanceof Condition.Exists) {
            compare.setTarget(Compare.CompareTarget.CREATE)
                    .setResult(Compare.CompareResult.GREATER)
                    .setCreateRevision(0);
        } else if (condition instanceof Condition.Missing) {
            compare.setTarget(Compare.CompareTarget.CREATE).setCreateRevision(0);
        } else if (condition instanceof Condition.Unchanged unchanged) {
            compare.setTarget(Compare.CompareTarget.MOD).setModRevision(unchanged.modRevision());
        } else if (condition instanceof Condition.ValueIs is) {
            compare.setTarget(Compare.CompareTarget.VALUE).setValue(bytes(is.value()));
        } else if (condition instanceof Condition.NoneUnder none) {
            // holds for every key of the range; of an empty range etcd compares a key that is not there
            compare.setKey(first(none.key()))
                    .setRangeEnd(end(none.key()))
                    .setTarget(Compare.CompareTarget.CREATE)
                    .setCreateRevision(0);
        }
        return compare.build();
    }

    private static RequestOp step(Op op) {
        RequestOp.Builder step = RequestOp.newBuilder();
        if (op instanceof Op.Put put) {
            step.setRequestPut(PutRequest.newBuilder()
                    .setKey(bytes(put.key()))
                    .setValue(bytes(put.value()))
                    .setLease(put.lease()));
        } else if (op instanceof Op.Delete delete) {
            step.setRequestDeleteRange(DeleteRangeRequest.newBuilder().setKey(bytes(delete.key())));
        } else if (op instanceof Op.Get get) {
            step.setRequestRange(RangeRequest.newBuilder().setKey(bytes(get.key())));
        } else if (op instanceof Op.GetPrefix get) {
            step.setRequestRange(
                    RangeRequest.newBuilder().setKey(first(get.key())).setRangeEnd(end(get.key())));
        }
        return step.build();
    }
}
