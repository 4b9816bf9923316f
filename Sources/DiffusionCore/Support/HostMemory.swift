// SPDX-License-Identifier: Apache-2.0

import Glibc

/// How much more memory the process can have.
package enum HostMemory {
  /// The least of what the machine has available, what the control groups allow, and what `RLIMIT_AS` leaves.
  /// `Int.max` where none of them is known.
  package static var availableByteCount: Int {
    var least = systemByteCount(meminfo: read("/proc/meminfo") ?? "") ?? .max
    for group in groups(cgroup: read("/proc/self/cgroup") ?? "") {
      if let left = group.availableByteCount(read: read) { least = min(least, left) }
    }
    if let space = addressSpaceByteCount { least = min(least, space) }
    return least
  }

  /// What `RLIMIT_AS` leaves; nil where there is no such limit.
  package static var addressSpaceByteCount: Int? {
    var limit = rlimit()
    // RLIMIT_AS, which is imported as another type than the parameter's.
    let kind = __rlimit_resource_t(9)
    guard getrlimit(kind, &limit) == 0, UInt64(limit.rlim_cur) < UInt64(Int.max),
      let pages = read("/proc/self/statm")?.split(separator: " ").first.flatMap({ Int($0) })
    else { return nil }
    return max(0, Int(limit.rlim_cur) - pages * Int(getpagesize()))
  }

  /// Whether an allocation can be expected to succeed. (That of an array which fails ends the program.)
  package static func hasRoom(for byteCount: Int) -> Bool {
    // Asking the system takes longer than a small allocation is worth.
    byteCount <= 8 << 20 || byteCount <= availableByteCount - 8 << 20
  }

  /// `MemAvailable` of `/proc/meminfo`: free memory, and what the system can free without swapping.
  package static func systemByteCount(meminfo: String) -> Int? {
    for line in meminfo.split(separator: "\n") where line.hasPrefix("MemAvailable:") {
      let fields = line.split(separator: " ")
      guard fields.count >= 2, let kibibytes = Int(fields[1]) else { return nil }
      return kibibytes * 1024
    }
    return nil
  }

  /// A control group that limits memory.
  package struct Group: Sendable, Hashable {
    /// Its folder.
    package let folder: String
    /// The file of its limit, of its use, and the entries of `memory.stat` that are caches.
    package let limit: String
    package let usage: String
    package let caches: [String]

    /// The limit less what is used, where caches of files do not count: they give way.
    package func availableByteCount(read: (String) -> String?) -> Int? {
      func number(_ text: String?) -> Int? {
        text.flatMap { Int($0.prefix { !$0.isWhitespace }) }
      }
      guard let limit = number(read("\(folder)/\(limit)")), let used = number(read("\(folder)/\(usage)")) else {
        return nil
      }
      var cached = 0
      for line in (read("\(folder)/memory.stat") ?? "").split(separator: "\n") {
        let fields = line.split(separator: " ")
        if fields.count == 2, caches.contains(String(fields[0])) { cached += Int(fields[1]) ?? 0 }
      }
      return max(0, limit - max(0, used - cached))
    }
  }

  /// The groups of `/proc/self/cgroup` and all above them, of version 1 (`4:memory:/a/b`) and 2 (`0::/a/b`).
  package static func groups(cgroup: String) -> [Group] {
    var groups: [Group] = []
    for line in cgroup.split(separator: "\n") {
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      let isSecond = fields[0] == "0" && fields[1].isEmpty
      guard isSecond || fields[1].split(separator: ",").contains("memory") else { continue }
      let root = isSecond ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory"
      var path = fields[2].split(separator: "/")
      // In a container the group's own folder may stand at the root, or not be visible.
      while true {
        let folder = path.isEmpty ? root : root + "/" + path.joined(separator: "/")
        groups.append(
          isSecond
            ? Group(
              folder: folder, limit: "memory.max", usage: "memory.current", caches: ["inactive_file", "active_file"])
            : Group(
              folder: folder, limit: "memory.limit_in_bytes", usage: "memory.usage_in_bytes",
              caches: ["total_inactive_file", "total_active_file"]))
        if path.isEmpty { break }
        path.removeLast()
      }
    }
    return groups
  }

  /// A small file of the system, or nil.
  private static func read(_ path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 16 << 10)
    var filled = 0
    while filled < bytes.count {
      let count = bytes.withUnsafeMutableBytes { buffer in
        Glibc.read(descriptor, buffer.baseAddress! + filled, buffer.count - filled)
      }
      guard count > 0 else { break }
      filled += count
    }
    return String(decoding: bytes[..<filled], as: UTF8.self)
  }
}
