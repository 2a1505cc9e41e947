// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import Glibc

/// What one round of downloads took.
struct ServerLoad {
    /// Of all clients together.
    var bytesPerSecond: Double
    /// User and system time of the server, for each download.
    var processorSeconds: Double
}

/// A server that runs, and the address of a file on it.
struct ServerProcess {
    var pid: pid_t
    var url: String

    /// User and system time so far, of its children that run as well.
    func processorSeconds() throws -> Double {
        let children = try Self.text("/proc/\(pid)/task/\(pid)/children").split(separator: " ").compactMap { pid_t($0) }
        let ticks = try ([pid] + children).reduce(0) { sum, pid in
            // The name may hold anything, parentheses too; the numbers begin after the last one.
            let fields = try Self.text("/proc/\(pid)/stat").split(separator: ")").last?.split(separator: " ") ?? []
            guard fields.count > 12, let user = Int(fields[11]), let system = Int(fields[12]) else {
                throw BenchError("/proc/\(pid)/stat is not understood")
            }
            return sum + user + system
        }
        return Double(ticks) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// The most that was ever resident.
    func residentBytes() throws -> Double {
        let line = try Self.text("/proc/\(pid)/status").split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        guard let kilobytes = line?.split(separator: " ").dropLast().last.flatMap({ Double($0) }) else {
            throw BenchError("/proc/\(pid)/status is not understood")
        }
        return kilobytes * 1024
    }

    /// Files of `/proc` have no size: they are read to their end.
    private static func text(_ path: String) throws -> String {
        guard let handle = FileHandle(forReadingAtPath: path) else { throw BenchError("\(path) cannot be read") }
        return String(decoding: try handle.readToEnd() ?? Data(), as: UTF8.self)
    }
}

/// An unused port of this machine, free again when this returns.
func unusedPort() throws -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let failed = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(descriptor, $0, length) != 0 || getsockname(descriptor, $0, &length) != 0
        }
    }
    guard !failed else { throw BenchError("no port: \(String(cString: strerror(errno)))") }
    return Int(in_port_t(bigEndian: address.sin_port))
}
