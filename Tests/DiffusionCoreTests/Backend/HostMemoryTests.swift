// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Testing

/// How much memory a process can have, from files of Linux as they look.
struct HostMemoryTests {
  @Test func readsAvailableMemory() {
    let text = "MemTotal:       24110612 kB\nMemFree:          512000 kB\nMemAvailable:   22000000 kB\n"
    #expect(HostMemory.systemByteCount(meminfo: text) == 22_000_000 * 1024)
    #expect(HostMemory.systemByteCount(meminfo: "MemFree: 1 kB\n") == nil)
    #expect(HostMemory.availableByteCount > 0)
  }

  @Test func findsGroupsOfBothVersions() {
    let first = HostMemory.groups(cgroup: "9:name=systemd:/\n4:memory:/job/7\n")
    #expect(
      first.map(\.folder) == ["/sys/fs/cgroup/memory/job/7", "/sys/fs/cgroup/memory/job", "/sys/fs/cgroup/memory"])
    #expect(first[0].limit == "memory.limit_in_bytes")
    let second = HostMemory.groups(cgroup: "0::/user.slice/a:b\n")
    #expect(
      second.map(\.folder) == ["/sys/fs/cgroup/user.slice/a:b", "/sys/fs/cgroup/user.slice", "/sys/fs/cgroup"])
    #expect(second[0].limit == "memory.max")
    #expect(HostMemory.groups(cgroup: "").isEmpty && HostMemory.groups(cgroup: "nonsense\n1:\n").isEmpty)
  }

  @Test func cachesOfFilesGiveWay() throws {
    let group = try #require(HostMemory.groups(cgroup: "0::/a").first)
    var files = [
      "/sys/fs/cgroup/a/memory.max": "1000\n", "/sys/fs/cgroup/a/memory.current": "700\n",
      "/sys/fs/cgroup/a/memory.stat": "anon 300\ninactive_file 250\nactive_file 50\n",
    ]
    #expect(group.availableByteCount { files[$0] } == 600)
    files["/sys/fs/cgroup/a/memory.current"] = "5000\n"
    #expect(group.availableByteCount { files[$0] } == 0)
    files["/sys/fs/cgroup/a/memory.max"] = "max\n"
    #expect(group.availableByteCount { files[$0] } == nil)
    #expect(group.availableByteCount { _ in nil } == nil)
  }
}
