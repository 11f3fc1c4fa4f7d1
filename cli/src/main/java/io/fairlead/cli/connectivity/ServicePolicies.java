package io.fairlead.cli.connectivity;

import io.fairlead.cli.client.NamespacePolicies;

/** Policies by the identity service. */
record ServicePolicies(NamespacePolicies service) implements Policies {
    @Override
    public void apply(String documents) {
        service.apply(documents);
    }

    @Override
    public void deleteAll(String namespace) {
        service.deleteAll(namespace);
    }

    @Override
    public void close() {
        service.close();
    }
}
