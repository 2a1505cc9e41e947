// SPDX-License-Identifier: Apache-2.0
import AgentAPI
import Installation
import Logging

/// Puts the administrator's mail into the outbox: to the addresses of the order, else to the configuration's.
struct MailNotifier: Notifier {
    let outbox: Outbox
    let settings: MailSettings
    let language: Language
    /// The name that people know the product by, per installation.
    let productNames: [String: String]
    let logger: Logger

    func notify(_ run: UpdateRun) async throws {
        let recipients = recipients(run)
        guard !recipients.isEmpty else {
            logger.warning(
                "nobody gets the mail of a run: name somebody in “mail.to” or with the order",
                metadata: ["run": "\(run.id)"])
            return
        }
        try await outbox.enqueue(
            run: run, productName: productNames[run.installation], recipients: recipients, from: settings.from,
            language: run.order.language ?? language)
    }

    private func recipients(_ run: UpdateRun) -> [String] {
        let named = run.order.email.isEmpty ? settings.to : run.order.email
        // A folder takes mail for anybody, so there it goes to the account that ordered. A mail server would send
        // a mail to an address that nobody has.
        guard named.isEmpty, case .folder = settings.transport else { return named }
        return [MailAddress.local(run.requestedBy)]
    }
}
