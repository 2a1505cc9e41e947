// SPDX-License-Identifier: Apache-2.0

/// What the agent hands to the application server in its environment when it starts it.
public enum ApplicationEnvironment {
    public static let agentURL = "RICAMBIO_AGENT_URL"
    /// The application server's own bearer token; new at each start.
    public static let token = "RICAMBIO_APPLICATION_TOKEN"
    /// SHA-256 of the agent's certificate, lower-case hex; absent when the customer's own certificate is used.
    public static let fingerprint = "RICAMBIO_AGENT_FINGERPRINT"
    public static let installation = "RICAMBIO_INSTALLATION"
}
