// SPDX-License-Identifier: Apache-2.0
import ServiceControl

/// For installations that are files only: there is nothing to start or stop, and what is in place counts as running.
actor NoService: ServiceControl {
    private var isStarted = true

    func state() -> ServiceCondition { isStarted ? .running(pid: 0) : .stopped }

    func start(environment: [String: String]) { isStarted = true }

    func stop() -> StopReport {
        isStarted = false
        return StopReport(forced: false, seconds: 0)
    }

    func run() async {}
}
