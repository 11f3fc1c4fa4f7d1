/**
 * How many identities and nodes a second the services allocate, beside what etcd itself carries out: the same transactions,
 * sent by the same client, without a service in between.
 */
@NullMarked
package io.fairlead.bench.limits;

import org.jspecify.annotations.NullMarked;
