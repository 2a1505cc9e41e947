// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Installation
import Logging

/// Puts the administrator's mail into the outbox: to the addresses of the order, else to the configuration's.
struct MailNotifier: Notifier {
    let outbox: Outbox?
    let settings: MailSettings?
    let language: Language
    /// The name that people know the product by, per installation.
    let productNames: [String: String]
    let logger: Logger

    func notify(_ run: UpdateRun) async throws {
        guard let outbox, let settings else {
            logger.notice("no mail is configured", metadata: ["run": "\(run.id)"])
            return
        }
        let recipients = run.order.email.isEmpty ? settings.to : run.order.email
        guard !recipients.isEmpty else { return }
        try await outbox.enqueue(
            run: run, productName: productNames[run.installation], recipients: recipients, from: settings.from,
            language: run.order.language ?? language)
    }
}
