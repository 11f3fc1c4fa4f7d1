package io.fairlead.node.registration;

import io.fairlead.contract.Cidr;
import io.fairlead.node.endpoint.AddressPool;
import io.fairlead.node.endpoint.AddressPool.Supply;
import io.fairlead.node.endpoint.AddressPool.Use;
import io.fairlead.node.endpoint.PodBlock;
import io.fairlead.node.status.Controller;
import io.fairlead.runtime.grpc.Statuses;
import io.fairlead.runtime.retry.Backoff;
import io.fairlead.runtime.retry.Timers;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the node supplied: asks for another block before the last one is full, and gives back one that has been empty for
 * a while when there is more than enough without it.
 *
 * <p>A block gives addresses once it is on disk and the kernel has its route; one that is to go back gives none from
 * before the service hears of it. What was asked or given back is on disk, so that a restart goes on with it.
 */
public final class BlockKeeper implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(BlockKeeper.class);

    private final Registration.Held held;
    private final AddressPool pool;
    private final Settings settings;
    private final Ground ground;
    private final Controller controller;
    private final Backoff backoff;
    private final AtomicBoolean asked = new AtomicBoolean(); // a look is on its way
    private final SpareBlocks spare; // owned by: the executor
    private long notBefore; // time of timers; owned by: the executor
    private int unserved; // ticks in a row; owned by: the executor
    private volatile boolean closed;

    /**
     * How much there should be.
     *
     * @param preAllocate free addresses of each family and pool, below which another block is asked for
     * @param idle how long a block must have been empty to go back
     * @param interval between two looks that nobody asks for
     */
    public record Settings(int preAllocate, Duration idle, Duration interval) {
        public Settings(int preAllocate) {
            this(preAllocate, Duration.ofMinutes(2), Duration.ofSeconds(5));
        }
    }

    /**
     * What it stands on.
     *
     * @param executor its thread, which may wait for services
     * @param timers its time
     * @param routes has the kernel route these pod CIDRs, and returns when it does; throws when it may not
     * @param served whether the cluster has routes to all of these pod CIDRs; true while that is not known
     * @param lost called when it has not
     */
    public record Ground(
            Executor executor,
            Timers timers,
            Consumer<List<Cidr>> routes,
            Predicate<List<Cidr>> served,
            Runnable lost) {}

    public BlockKeeper(
            Registration.Registered registered,
            AddressPool pool,
            Settings settings,
            Ground ground,
            Controller controller,
            Backoff backoff) {
        this.held = registered.held();
        this.pool = pool;
        this.settings = settings;
        this.ground = ground;
        this.controller = controller;
        this.backoff = backoff;
        this.spare = new SpareBlocks(settings, registered.held().wanted().pool());
    }

    /** Begins: looks now, at intervals, and whenever an address was given. */
    public void start() {
        notBefore = ground.timers().nanoTime();
        held.holdings().now().asked().stream()
                .map(Agreement.Asked::supply)
                .filter(supply -> held.wanted().families().contains(supply.family()))
                .forEach(pool::want);
        pool.onNeed(this::soon);
        tick();
    }

    @Override
    public void close() {
        closed = true;
    }

    private void tick() {
        if (!closed) {
            soon();
            ground.executor().execute(this::watchService);
            var unused = ground.timers().after(settings.interval(), this::tick);
        }
    }

    private void soon() {
        if (!closed && asked.compareAndSet(false, true)) {
            ground.executor().execute(() -> {
                asked.set(false);
                look();
            });
        }
    }

    private void look() {
        try {
            takeUp();
            boolean wait = ground.timers().nanoTime() - notBefore < 0;
            if (!wait) {
                boolean failed = settleReturns();
                failed |= supply();
                if (failed) {
                    notBefore = ground.timers().nanoTime() + backoff.next().toNanos();
                } else {
                    backoff.reset();
                    giveBack();
                    controller.succeeded();
                }
            }
        } catch (RuntimeException e) {
            LOGGER.atError().setCause(e).log("blocks of addresses could not be looked after; trying again");
            controller.failed(String.valueOf(e.getMessage()));
        }
    }

    /** Blocks that were given and give nothing yet. */
    private void takeUp() {
        Agreement agreement = held.holdings().now();
        List<PodBlock> there = pool.uses().stream().map(Use::block).toList();
        List<PodBlock> fresh = agreement.blocks().stream()
                .filter(block -> !there.contains(block)
                        && held.wanted().families().contains(block.cidr().family()))
                .toList();
        if (!fresh.isEmpty()) {
            ground.routes().accept(agreement.node(held.wanted()).podCidrs());
            fresh.forEach(pool::add);
            LOGGER.atInfo()
                    .addKeyValue("podCidrs", fresh.stream().map(PodBlock::cidr).toList())
                    .log("pods get addresses of another block");
        }
    }

    /** True when something could not be had. */
    private boolean supply() {
        boolean failed = false;
        for (Supply supply : pool.wanted()) {
            long free = pool.uses().stream()
                    .filter(use -> use.open() && SpareBlocks.isOf(use, supply))
                    .mapToLong(SpareBlocks::free)
                    .sum();
            boolean pending = held.holdings().now().asked(supply).isPresent();
            if (free < settings.preAllocate() || pending) {
                failed |= !ask(supply);
            }
        }
        return failed;
    }

    /** False when it must be tried again. */
    private boolean ask(Supply supply) {
        Agreement.Asked request = held.holdings()
                .now()
                .asked(supply)
                .orElseGet(() -> new Agreement.Asked(supply, UUID.randomUUID().toString()));
        try {
            held.holdings().change(a -> a.asked().contains(request) ? a : a.asking(request));
            PodBlock block = held.ipam().add(held.wanted(), supply, request.id());
            held.holdings().change(a -> {
                boolean known = a.podCidrs().contains(block.cidr());
                return (known ? a : a.withBlocks(List.of(block))).without(request);
            });
            takeUp();
            soon();
            return true;
        } catch (StatusRuntimeException e) {
            return refused(supply, request, e);
        } catch (RuntimeException e) {
            fail(supply, String.valueOf(e.getMessage()));
            return false;
        }
    }

    private boolean refused(Supply supply, Agreement.Asked request, StatusRuntimeException e) {
        String text = "the ipam service says " + Statuses.text(e);
        Status.Code code = e.getStatus().getCode();
        boolean never = code == Status.Code.NOT_FOUND || code == Status.Code.INVALID_ARGUMENT;
        if (code == Status.Code.NOT_FOUND) {
            // it may be the node that it does not know
            ground.lost().run();
        }
        fail(supply, text);
        if (never && !supply.pool().equals(held.wanted().pool())) {
            held.holdings().change(a -> a.without(request));
            pool.giveUp(supply, text);
            return true;
        }
        return false;
    }

    private void fail(Supply supply, String text) {
        pool.refuse(supply, text);
        controller.failed("another block for " + supply + ": " + text);
    }

    /** Chooses one block that is not needed, if there is one, and closes it. */
    private void giveBack() {
        for (Use use : spare.of(pool.uses(), ground.timers().nanoTime())) {
            if (pool.close(use.block().cidr())) {
                held.holdings().change(a -> a.returning(use.block()));
                LOGGER.atInfo()
                        .addKeyValue("podCidr", use.block().cidr())
                        .log("block of addresses is empty and goes back");
                settleReturns();
                return;
            }
        }
    }

    /** Tells the service of what goes back. True when it must hear it again. */
    private boolean settleReturns() {
        boolean failed = false;
        for (PodBlock block : new ArrayList<>(held.holdings().now().returning())) {
            try {
                held.ipam().giveBack(held.wanted(), block.cidr());
                held.holdings().change(a -> a.returned(block));
                ground.routes().accept(held.holdings().now().node(held.wanted()).podCidrs());
                pool.remove(block.cidr());
                spare.forget(block.cidr());
            } catch (StatusRuntimeException e) {
                failed |= !kept(block, e);
            }
        }
        return failed;
    }

    /** A service that does not take it back leaves it the node's. */
    private boolean kept(PodBlock block, StatusRuntimeException e) {
        Status.Code code = e.getStatus().getCode();
        if (code == Status.Code.FAILED_PRECONDITION || code == Status.Code.INVALID_ARGUMENT) {
            LOGGER.atWarn()
                    .addKeyValue("podCidr", block.cidr())
                    .addKeyValue("reason", Statuses.text(e))
                    .log("the ipam service does not take a block back; it stays");
            held.holdings().change(a -> a.returned(block).withBlocks(List.of(block)));
            spare.forget(block.cidr());
            pool.add(block);
            return true;
        }
        controller.failed("returning " + block.cidr() + ": " + Statuses.text(e));
        return false;
    }

    /** The store may have been put back to a time before this node: its routes are what it knows. */
    private void watchService() {
        boolean served =
                ground.served().test(held.holdings().now().node(held.wanted()).podCidrs());
        unserved = served ? 0 : unserved + 1;
        if (unserved >= 3) {
            unserved = 0;
            LOGGER.atWarn().log("the cluster has no route to pods of this node; registering it again");
            ground.lost().run();
        }
    }
}
