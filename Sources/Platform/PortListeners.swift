// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import SystemPackage

/// The inodes of the sockets that listen on the port, from the text of `/proc/net/tcp` or `tcp6`.
func listeningSockets(in table: [UInt8], port: UInt16) -> Set<UInt64> {
    var inodes: Set<UInt64> = []
    for line in table.split(separator: UInt8(ascii: "\n")).dropFirst() {
        let fields = line.split(separator: UInt8(ascii: " "), maxSplits: 10)
        // number, address:port, other address:port, state (0A listens), three fields of no interest, user, …, inode
        guard fields.count > 9, fields[3].elementsEqual("0A".utf8),
            let colon = fields[1].lastIndex(of: UInt8(ascii: ":")),
            UInt16(String(decoding: fields[1][(colon + 1)...], as: UTF8.self), radix: 16) == port,
            let inode = UInt64(String(decoding: fields[9], as: UTF8.self))
        else { continue }
        inodes.insert(inode)
    }
    return inodes
}

/// Those of this network's processes that have one of the sockets open.
func portListeners(_ port: UInt16) -> [RunningProcess] {
    let sockets = ["/proc/net/tcp", "/proc/net/tcp6"].reduce(into: Set<String>()) { sockets, path in
        // Some 200 bytes a connection; what is beyond is a machine with more than 300,000 of them.
        guard let table = try? POSIXFileSystem().read(FilePath(path), limit: 64 << 20) else { return }
        for inode in listeningSockets(in: table, port: port) { sockets.insert("socket:[\(inode)]") }
    }
    guard !sockets.isEmpty else { return [] }
    let boot = currentBoot()
    return allProcesses().filter { entry in
        !entry.isDead
            && processDescriptors(entry.pid).contains { number in
                (try? POSIXFileSystem().destination(ofLink: processFile(entry.pid, "fd/\(number)")))
                    .map(sockets.contains) ?? false
            }
    }.map { $0.running(boot: boot) }
}
