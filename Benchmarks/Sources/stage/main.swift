// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import Packaging
internal import Platform
internal import SystemPackage

// Stages a tree from an old folder and a delta; a process of its own, so that its time and memory can be measured.
//   stage OLD-FOLDER OLD-TREE NEW-TREE PACKS FOLDER

func fail(_ reason: String) -> Never {
    // Where that cannot be written, the exit code is left to say it.
    _ = try? FileDescriptor.standardError.writeAll("stage: \(reason)\n".utf8)
    exit(2)
}

let arguments = CommandLine.arguments.dropFirst().map { FilePath($0) }
guard arguments.count == 5 else { fail("five folders and files are needed") }
let fileSystem = POSIXFileSystem()
let trees = try arguments[1...2].map { try Tree.decoded(fromCompressed: try fileSystem.read($0, limit: .max)) }
let plan = ContentPlan(trees[1], from: Inventory(trees[0], intact: Set(trees[0].entries.indices)))
guard plan.way == .delta else { fail("the plan is \(plan.way), not the delta") }
let source = Stager.Source(plan: plan, downloads: arguments[3], old: (folder: arguments[0], tree: trees[0]))
try Stager(fileSystem: fileSystem).stage(trees[1], from: source, into: arguments[4])
