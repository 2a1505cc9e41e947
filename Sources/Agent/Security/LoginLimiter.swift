// SPDX-License-Identifier: Apache-2.0
import Foundation

/// How often one may guess: a pure value, driven with times.
///
/// An account that was given wrong passwords is locked for a while that doubles with each further one, and a network
/// address that guesses across accounts is slowed as well. A lock ends by itself: nobody can shut the administrator
/// out for longer than ``longestLock``.
struct LoginLimiter: Sendable {
    static let freeFailures = 5
    static let firstLock: TimeInterval = 30
    static let longestLock: TimeInterval = 900
    static let attemptsPerAddress = 30
    static let addressWindow: TimeInterval = 60
    /// Names are what the attacker says they are: the memory they take is bounded.
    static let remembered = 10_000

    private struct Failures {
        var count = 0
        var last: Date
        var lockedUntil: Date
    }

    private var accounts: [String: Failures] = [:]
    private var addresses: [String: (count: Int, since: Date)] = [:]

    /// Counts an attempt, as a failure until ``succeeded(account:)`` says otherwise: attempts made all at once must
    /// not all be looked at. `nil` means go on; else the seconds until the next one is looked at.
    mutating func attempt(account: String, address: String, now: Date) -> TimeInterval? {
        forget(now)
        var seen = addresses[address] ?? (0, now)
        if now.timeIntervalSince(seen.since) >= Self.addressWindow { seen = (0, now) }
        seen.count += 1
        addresses[address] = seen
        if seen.count > Self.attemptsPerAddress {
            return Self.addressWindow - now.timeIntervalSince(seen.since)
        }
        var failures = accounts[account] ?? Failures(last: now, lockedUntil: .distantPast)
        guard failures.lockedUntil <= now else { return failures.lockedUntil.timeIntervalSince(now) }
        failures.count += 1
        failures.last = now
        if failures.count >= Self.freeFailures {
            let doublings = min(failures.count - Self.freeFailures, 10)
            failures.lockedUntil = now.addingTimeInterval(
                min(Self.longestLock, Self.firstLock * Double(1 << doublings)))
        }
        accounts[account] = failures
        return nil
    }

    mutating func succeeded(account: String) { accounts[account] = nil }

    private mutating func forget(_ now: Date) {
        if accounts.count > Self.remembered {
            accounts = accounts.filter { now.timeIntervalSince($0.value.last) < Self.longestLock }
            if accounts.count > Self.remembered { accounts = accounts.filter { $0.value.lockedUntil > now } }
            if accounts.count > Self.remembered { accounts = [:] }
        }
        if addresses.count > Self.remembered {
            addresses = addresses.filter { now.timeIntervalSince($0.value.since) < Self.addressWindow }
            if addresses.count > Self.remembered { addresses = [:] }
        }
    }
}
