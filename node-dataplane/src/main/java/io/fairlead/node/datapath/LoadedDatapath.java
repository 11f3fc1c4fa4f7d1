package io.fairlead.node.datapath;

import io.fairlead.contract.EndpointId;
import io.fairlead.contract.Ip;
import io.fairlead.contract.Mac;
import io.fairlead.node.desired.LocalNode;
import io.fairlead.node.kernel.bpf.BpfObject;
import io.fairlead.node.kernel.bpf.BpfSpec;
import io.fairlead.node.kernel.bpf.DatapathConfig;
import io.fairlead.node.kernel.bpf.MapSizes;
import io.fairlead.node.kernel.bpf.SettingsMap;
import io.fairlead.node.kernel.ffi.Bpf;
import io.fairlead.node.kernel.ffi.Native;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Random;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The programs as this node's settings make them, loaded and not attached.
 *
 * @param spec what is in the object
 * @param object the programs and maps
 * @param mode what of the settings is done, for status
 * @param hostEndpoint the node's own endpoint
 * @param ipv6 whether the node's pods have IPv6
 * @param settings what the agent was told
 */
public record LoadedDatapath(
        BpfSpec spec,
        BpfObject object,
        DatapathMode mode,
        EndpointId hostEndpoint,
        boolean ipv6,
        DatapathSettings settings)
        implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(LoadedDatapath.class);

    /**
     * Where the programs are to run.
     *
     * @param node this node
     * @param flHostIfindex index of fl_host
     * @param flHostMac its address
     * @param allDevicesHaveMacs whether every native device has a link-layer address
     */
    public record Place(LocalNode node, int flHostIfindex, Mac flHostMac, boolean allDevicesHaveMacs) {
        Optional<Ip> router(boolean ipv4) {
            return node.routers().stream().filter(ip -> ip.isV4() == ipv4).findFirst();
        }
    }

    /**
     * Loads them, and tells them how much to trace.
     *
     * @param stateDir where the node's endpoint id is kept
     * @param pinRoot directory on a bpffs
     * @throws IllegalArgumentException listing what of the settings does not go with this node
     */
    public static LoadedDatapath load(DatapathSettings settings, Place place, Path stateDir, Path pinRoot)
            throws IOException {
        boolean ipv6 = place.router(false).isPresent();
        DatapathChecks.require(settings, ipv6);
        DatapathMode mode = DatapathMode.of(settings, ipv6, place.allDevicesHaveMacs());
        mode.reason()
                .ifPresent(
                        why -> LOGGER.atInfo().addKeyValue("subsys", "daemon").log(why));
        EndpointId hostEndpoint = HostEndpointId.of(stateDir, new Random());
        BpfSpec spec = BpfSpec.datapath();
        int processors = Native.call("number of processors", Bpf.LIB::libbpf_num_possible_cpus);
        MapSizes sizes = MapPlan.of(spec, settings.maps(), MapPlan.memory(Path.of("/proc/meminfo")), processors, ipv6);
        DatapathConfig config = new DatapathConfig(
                        place.router(true), place.router(false), place.flHostIfindex(), place.flHostMac())
                .with(options(settings, mode, hostEndpoint));
        BpfObject object = BpfObject.load(spec, config, sizes, pinRoot);
        new SettingsMap(spec, object.map("settings")).write(settings.monitor().settings());
        return new LoadedDatapath(spec, object, mode, hostEndpoint, ipv6, settings);
    }

    private static DatapathConfig.Options options(DatapathSettings settings, DatapathMode mode, EndpointId host) {
        return new DatapathConfig.Options(
                host.value(),
                mode.hostRouting() == DatapathMode.HostRouting.LEGACY,
                new DatapathConfig.Masquerade(
                        mode.masquerade().ipv4(),
                        mode.masquerade().ipv6(),
                        settings.masquerade().remoteNodes()),
                settings.masquerade().ports(),
                settings.debug(),
                settings.connections().lifetimes());
    }

    @Override
    public void close() {
        object.close();
    }
}
