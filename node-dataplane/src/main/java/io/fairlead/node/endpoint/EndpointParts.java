package io.fairlead.node.endpoint;

import io.fairlead.contract.Ip;

/** What the chains that make and remove endpoints work on. */
record EndpointParts(
        EndpointManager.Settings settings,
        AddressPool pool,
        EndpointManager.Ports ports,
        EndpointTable table,
        Registrations registrations,
        ReleaseQueue releases) {

    /** Who has an address, for lists: the pod with its attachment, which alone is unique. */
    static String owner(EndpointRequest request) {
        if (request.attachment().equals(Attachment.HEALTH)) {
            return AddressPool.HEALTH;
        }
        String pod = request.workload().name();
        return pod.isEmpty() ? request.attachment().toString() : pod + " (" + request.attachment() + ")";
    }

    PodDevices.Spec spec(Endpoint endpoint) {
        return new PodDevices.Spec(
                endpoint.hostInterface(),
                endpoint.request().netns(),
                endpoint.attachment().ifname(),
                endpoint.device().map(Device::mtu).orElse(settings.mtu()),
                endpoint.ips().stream().map(Ip::toCidr).toList(),
                endpoint.addresses().stream().map(PodAddress::gateway).toList());
    }

    void releaseAddresses(Endpoint endpoint) {
        endpoint.ips().forEach(ip -> pool.release(ip, owner(endpoint.request())));
        table.giveBackId(endpoint.id(), endpoint.attachment());
    }

    void queueWithdrawal(Endpoint endpoint) {
        endpoint.ips().forEach(ip -> releases.add(new Release.OfAddress(ip)));
    }

    void queueIdentityRelease(Endpoint endpoint) {
        endpoint.identity().ifPresent(identity -> releases.add(new Release.OfIdentity(identity)));
    }

    /**
     * Removes an endpoint in whatever state it is; all steps may have been done before. The address goes last, when
     * nothing can send from it any more.
     */
    void dismantle(Endpoint endpoint) {
        Endpoint leaving = table.save(endpoint.in(EndpointState.DISCONNECTING));
        ports.settler().unsettle(leaving);
        ports.devices().delete(leaving.hostInterface());
        queueWithdrawal(leaving);
        queueIdentityRelease(leaving);
        table.remove(leaving);
        releaseAddresses(leaving);
    }
}
