package io.fairlead.node.endpoint;

import io.fairlead.contract.Cidr;
import io.fairlead.contract.Ip;
import io.fairlead.node.endpoint.EndpointException.Reason;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;

/**
 * The addresses of the node's blocks and who has them. Thread-safe; only {@link #allocate} waits, and only while another
 * block is asked for.
 *
 * <p>Addresses are given in rounds from a random start: one that was released comes back only when the round is through.
 * A block that is closed gives none.
 */
public final class AddressPool {
    /** Owner of the router's addresses. */
    public static final String ROUTER = "router";

    /** Owner of the health endpoint's addresses. */
    public static final String HEALTH = "health";

    private final RandomGenerator random;
    private final String defaultPool;
    private final Map<Ip.Family, Ip> routers = new TreeMap<>(); // written by: the constructor
    private final AddressRanges ranges = new AddressRanges(); // owned by: this lock
    private final AddressOwners owners = new AddressOwners(); // owned by: this lock
    private final Wants wants = new Wants(); // owned by: this lock
    private Optional<Runnable> supplier = Optional.empty(); // owned by: this lock

    /**
     * What addresses are taken from together.
     *
     * @param family of the addresses
     * @param pool name of the pool
     */
    public record Supply(Ip.Family family, String pool) {
        @Override
        public String toString() {
            return AddressRanges.name(family) + " of pool " + pool;
        }
    }

    /**
     * How a block stands.
     *
     * @param block which
     * @param used addresses somebody has
     * @param capacity addresses there are
     * @param given how often one was taken: the same number twice says that nobody came in between
     * @param open whether it gives addresses
     */
    public record Use(PodBlock block, long used, long capacity, long given, boolean open) {}

    /**
     * The addresses of a node.
     *
     * @param blocks what it has
     * @param routers its own address among them, one for each family pods have
     * @param defaultPool where pods get theirs that ask for no other
     */
    public AddressPool(
            Collection<PodBlock> blocks, Collection<Ip> routers, String defaultPool, RandomGenerator random) {
        this.random = random;
        this.defaultPool = defaultPool;
        for (Ip router : routers) {
            this.routers.put(router.family(), router);
            owners.put(router, ROUTER, false);
            wants.want(new Supply(router.family(), defaultPool));
        }
        blocks.forEach(this::add);
    }

    /** One pool; the first address of each family is the router's. */
    public AddressPool(Collection<Cidr> podCidrs, RandomGenerator random) {
        this(
                podCidrs.stream().map(PodBlock::new).toList(),
                podCidrs.stream()
                        .collect(Collectors.toMap(
                                Cidr::family, cidr -> cidr.address().plus(1), (first, second) -> first, TreeMap::new))
                        .values(),
                PodBlock.DEFAULT_POOL,
                random);
    }

    /** Who asks for more blocks; called, on any thread and to return at once, when there may be reason to. */
    public synchronized void onNeed(Runnable listener) {
        supplier = Optional.of(listener);
    }

    /** Adds a block of the default pool. */
    public void add(Cidr cidr) {
        add(new PodBlock(cidr));
    }

    /**
     * Adds a block; one that is there already is opened again.
     *
     * @throws IllegalArgumentException when it overlaps another
     */
    public synchronized void add(PodBlock block) {
        if (ranges.reopen(block)) {
            notifyAll();
            return;
        }
        AddressRange range = new AddressRange(block, random.nextLong());
        owners.addresses().stream().filter(block::usable).forEach(ip -> range.take());
        ranges.add(range);
        wants.supplied(AddressRanges.supplyOf(block));
        notifyAll();
    }

    /** Closes a block that nobody has an address of: it gives none from now on. False when somebody has one. */
    public synchronized boolean close(Cidr cidr) {
        return ranges.close(cidr);
    }

    /** Forgets a closed block; a pool that has none left is not kept supplied until somebody asks for it again. */
    public synchronized void remove(Cidr cidr) {
        ranges.remove(cidr).forEach(range -> forget(AddressRanges.supplyOf(range.block())));
    }

    private void forget(Supply supply) {
        if (!supply.pool().equals(defaultPool) && !ranges.have(supply)) {
            wants.forget(supply);
        }
    }

    /** Has it kept supplied. */
    public synchronized void want(Supply supply) {
        wants.want(supply);
    }

    /** What is to be kept supplied. */
    public synchronized Set<Supply> wanted() {
        return wants.all();
    }

    /** Who waits for another block, and who comes until there is one, is told that there is none and why. */
    public synchronized void refuse(Supply supply, String reason) {
        wants.refuse(supply, reason, false);
        notifyAll();
    }

    /** The same for a supply that cannot be: it is asked for again only when somebody comes again. */
    public synchronized void giveUp(Supply supply, String reason) {
        wants.refuse(supply, reason, true);
        notifyAll();
    }

    /** How each block stands, in the order they were added. */
    public synchronized List<Use> uses() {
        return ranges.uses();
    }

    /** The families pods get an address of. */
    public Set<Ip.Family> families() {
        return new TreeSet<>(routers.keySet());
    }

    /** The router's address of a family, if pods have that. */
    public Optional<Ip> router(Ip.Family family) {
        return Optional.ofNullable(routers.get(family));
    }

    /**
     * Gives the next free address of a family in the default pool.
     *
     * @throws EndpointException when there is none
     */
    public Ip allocate(Ip.Family family, String owner) {
        return allocate(new Supply(family, defaultPool), owner, Duration.ZERO);
    }

    /** A family in the pool of this name; in the default one when that is empty. */
    public Supply supply(Ip.Family family, String pool) {
        return new Supply(family, pool.isEmpty() ? defaultPool : pool);
    }

    /**
     * Gives the next free address.
     *
     * @param patience how long to wait for another block when all are full, unless it was refused
     * @throws EndpointException when there is none
     */
    public synchronized Ip allocate(Supply supply, String owner, Duration patience) {
        long deadline = System.nanoTime() + patience.toNanos();
        Optional<Ip> free = ranges.next(supply, owners::has);
        want(supply);
        supplier.ifPresent(Runnable::run);
        while (free.isEmpty()
                && wants.refusal(supply).isEmpty()
                && supplier.isPresent()
                && deadline > System.nanoTime()) {
            try {
                TimeUnit.NANOSECONDS.timedWait(this, deadline - System.nanoTime());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new EndpointException(Reason.BUSY, "agent is stopping", e);
            }
            free = ranges.next(supply, owners::has);
        }
        Ip ip = free.orElseThrow(() -> exhausted(supply));
        take(ip, owner, false);
        return ip;
    }

    /**
     * Gives this very address.
     *
     * @throws EndpointException when it is not free or not the node's to give
     */
    public synchronized void claim(Ip ip, String owner) {
        if (routers.get(ip.family()) == null || !ranges.give(ip)) {
            throw new EndpointException(
                    Reason.ADDRESS, "provided IP is not in the valid range: " + ip + " (expected: " + ranges + ")");
        }
        owners.of(ip).ifPresent(other -> {
            throw new EndpointException(
                    Reason.ADDRESS, "provided IP is already allocated: " + ip + " (owned by " + other + ")");
        });
        take(ip, owner, false);
        supplier.ifPresent(Runnable::run);
    }

    /**
     * Takes in the address of an endpoint that was there before the agent started, whatever the blocks are now.
     *
     * @return false when another one has it
     */
    public synchronized boolean restore(Ip ip, String owner) {
        if (owners.has(ip)) {
            return false;
        }
        take(ip, owner, true);
        return true;
    }

    /** Takes an address back if this owner has it; else changes nothing. */
    public synchronized void release(Ip ip, String owner) {
        if (owners.remove(ip, owner)) {
            ranges.giveBack(ip);
            notifyAll();
        }
    }

    /** Whether this owner has the address. */
    public synchronized boolean has(Ip ip, String owner) {
        return owners.of(ip).filter(owner::equals).isPresent();
    }

    /** Who has which address, the router among them; of pods that were there before the agent it says so. */
    public synchronized Map<Ip, String> allocations() {
        return owners.texts();
    }

    /** Why no pod can get an address now, if none can. */
    public synchronized Optional<String> exhausted() {
        if (routers.isEmpty()) {
            return Optional.of("required IPv4 PodCIDR not available");
        }
        return routers.keySet().stream()
                .map(family -> new Supply(family, defaultPool))
                .filter(supply -> ranges.free(supply) <= 0)
                .findFirst()
                .map(supply -> AddressRanges.name(supply.family()) + " "
                        + exhausted(supply).getMessage());
    }

    /** Counters as the status shows them: "IPv4: 3/254 allocated from 10.244.2.0/24, ". */
    public synchronized String status() {
        return ranges.status(families());
    }

    private void take(Ip ip, String owner, boolean restored) {
        owners.put(ip, owner, restored);
        ranges.take(ip);
    }

    private EndpointException exhausted(Supply supply) {
        String why = wants.refusal(supply).map(reason -> ": " + reason).orElse("");
        String what = "range is full";
        if (!ranges.haveOpen(supply)) {
            what = "required " + AddressRanges.name(supply.family()) + " PodCIDR not available"
                    + (supply.pool().equals(defaultPool) ? "" : " in IP pool " + supply.pool());
        }
        return new EndpointException(Reason.ADDRESS, what + why);
    }
}
