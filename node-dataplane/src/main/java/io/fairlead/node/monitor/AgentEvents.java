package io.fairlead.node.monitor;

/** Takes what the agent has to tell those who listen. Several threads may call; nothing blocks. */
public interface AgentEvents {
    /** Nobody listens. */
    AgentEvents NOBODY = new AgentEvents() {
        @Override
        public boolean heard() {
            return false;
        }

        @Override
        public void tell(String type, String json) {
            // there is nobody
        }
    };

    /** Whether somebody listens, so that words are worth making. */
    boolean heard();

    /**
     * Tells something.
     *
     * @param type "Endpoint created", "IPCache entry upserted" and so on
     * @param json what happened, one JSON object
     */
    void tell(String type, String json);
}
