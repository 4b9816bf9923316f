// SPDX-License-Identifier: Apache-2.0

import CVulkan
import DiffusionCore

/// How many groups of invocations a dispatch starts along each axis.
struct WorkGroups {
  var x: UInt32
  var y: UInt32 = 1
  var z: UInt32 = 1

  init(_ x: Int, _ y: Int, _ z: Int = 1) {
    (self.x, self.y, self.z) = (UInt32(x), UInt32(y), UInt32(z))
  }
}

/// How many groups of invocations a device starts at once along each axis: 65535 or more.
struct GroupLimits {
  let x: Int
  let y: Int
  let z: Int

  /// - Parameter lowered: set by tests, for what only large pictures meet otherwise: the most along y and z.
  init(_ limits: VkPhysicalDeviceLimits, lowered: Int?) {
    let most = limits.maxComputeWorkGroupCount
    // Beyond 65535 nothing is gained.
    x = min(Int(most.0), 65535)
    y = min(Int(most.1), lowered ?? 65535)
    z = min(Int(most.2), lowered ?? 65535)
  }

  /// A number of groups beyond what one axis takes, in rows; the shader counts them through and leaves the rest.
  func flat(_ count: Int) -> WorkGroups {
    let across = max(1, min(count, x))
    return WorkGroups(across, max(1, count.dividedRoundingUp(by: across)))
  }

  func allow(_ groups: WorkGroups) -> Bool { groups.x <= x && groups.y <= y && groups.z <= z }
}
