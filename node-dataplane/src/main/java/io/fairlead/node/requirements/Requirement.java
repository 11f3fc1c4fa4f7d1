package io.fairlead.node.requirements;

/**
 * Something the node lacks.
 *
 * @param name what was looked at
 * @param problem what was found, and what was expected
 * @param fix what a person can do about it
 */
public record Requirement(String name, String problem, String fix) {
    @Override
    public String toString() {
        return name + ": " + problem + "\n    fix: " + fix;
    }
}
