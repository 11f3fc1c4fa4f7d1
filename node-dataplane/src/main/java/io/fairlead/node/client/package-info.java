/** Questions to the services that are answered once: identities, and what is said about endpoints. */
@NullMarked
package io.fairlead.node.client;

import org.jspecify.annotations.NullMarked;
