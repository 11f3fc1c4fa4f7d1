package io.fairlead.kvstore.etcd;

import static org.assertj.core.api.Assertions.assertThat;

import io.fairlead.kvstore.Condition;
import io.fairlead.kvstore.Op;
import io.fairlead.kvstore.Txn;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What may be carried out as one, and what may not. */
final class GroupTest {
    private static final Txn FIRST = Txn.when(new Condition.Missing("a/1"), new Condition.NoneUnder("refs/a/"))
            .then(Op.put("a/1", "x"), new Op.Delete("gone/1"))
            .otherwise(new Op.Get("seen/1"), new Op.GetPrefix("all/"));

    private static boolean fits(Txn second) {
        Group group = new Group();
        assertThat(group.add(FIRST)).isTrue();
        return group.add(second);
    }

    @Test
    void othersThatTouchNothingItWritesOrReadsGoAlong() {
        assertThat(fits(Txn.when(new Condition.Missing("a/2"), new Condition.NoneUnder("refs/b/"))
                        .then(Op.put("a/2", "y"))
                        .otherwise(new Op.Get("seen/1"), new Op.GetPrefix("all/"))))
                .isTrue();
    }

    @Test
    void whoeverTouchesWhatItWritesDoesNot() {
        Op.Put other = new Op.Put("other", "y", 0);
        for (Txn second : List.of(
                Txn.of(Op.put("a/1", "y")),
                Txn.of(new Op.Delete("gone/1")),
                Txn.when(new Condition.ValueIs("a/1", "x")).then(other),
                Txn.when(new Condition.NoneUnder("a/")).then(other),
                Txn.of(other).otherwise(new Op.Get("gone/1")),
                Txn.of(other, new Op.GetPrefix("gone")))) {
            assertThat(fits(second)).as(second.toString()).isFalse();
        }
    }

    @Test
    void whoeverWritesWhatItLooksAtDoesNot() {
        for (String key : List.of("refs/a/node1", "seen/1", "all/of/them")) {
            assertThat(fits(Txn.of(Op.put(key, "y")))).as(key).isFalse();
            assertThat(fits(Txn.of().otherwise(new Op.Delete(key)))).as(key).isFalse();
        }
    }

    @Test
    void readsLeasesAndLargeOnesGoAlone() {
        assertThat(Group.takes(FIRST)).isTrue();
        assertThat(Group.takes(Txn.of(new Op.Get("a")))).isFalse();
        assertThat(Group.takes(Txn.of(new Op.Put("a", "x", 7)))).isFalse();
        assertThat(Group.takes(Txn.of(Op.put("a", "x".repeat(40_000))))).isFalse();
        assertThat(Group.takes(Txn.of(IntStream.range(0, 65)
                        .mapToObj(i -> Op.put("a" + i, "x"))
                        .toArray(Op[]::new))))
                .isFalse();
    }

    @Test
    void aGroupHasAnEnd() {
        Group many = new Group();
        assertThat(IntStream.range(0, 100).filter(i -> many.add(Txn.of(Op.put("a" + i, "x")))))
                .hasSize(48);
        Group large = new Group();
        assertThat(IntStream.range(0, 100).filter(i -> large.add(Txn.of(Op.put("a" + i, "x".repeat(30_000))))))
                .hasSize(4);
    }
}
