/**
 * What nodes ask for, all the time, each thing written down before it is asked and when it is answered.
 *
 * <p>A node asks one thing at a time, and asks again until it knows the answer, as an agent does.
 */
@NullMarked
package io.fairlead.soak.workload;

import org.jspecify.annotations.NullMarked;
