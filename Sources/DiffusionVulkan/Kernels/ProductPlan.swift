// SPDX-License-Identifier: Apache-2.0

import DiffusionCore

/// How a product is cut into groups of invocations so that a device is filled: the rows of a tile, and among how many
/// groups the inner extent is split.
package struct ProductPlan {
  /// The fewest groups of 64 invocations or more that keep a device busy. A split costs a pass over its sums and is
  /// made only below that.
  let wantedGroups: Int
  /// The shortest part of an inner extent: shorter ones are not worth their sums.
  private let shortestPart: Int

  /// - Parameters:
  ///   - kind: what sort of device.
  ///   - wantedGroups: set by tests, to split what is small.
  package init(_ kind: VulkanDevice.Kind, wantedGroups: Int? = nil) {
    shortestPart = wantedGroups == nil ? 256 : 32
    let usual =
      switch kind {
      case .discrete, .virtual: 256
      case .integrated, .other: 64
      case .cpu: 1
      }
    self.wantedGroups = wantedGroups ?? usual
  }

  /// The runs of 32 rows of a tile of `product.glsl`, 1 or 2: half a tile where a whole one would be half empty, or
  /// where whole ones are too few.
  package func parts(rows: Int, columns: Int, batch: Int = 1) -> Int {
    let groups = rows.dividedRoundingUp(by: 64) * columns.dividedRoundingUp(by: 64) * batch
    return rows <= 32 || groups < wantedGroups / 2 ? 1 : 2
  }

  /// Into how many parts to cut an inner extent if there are `groups` tiles; 1 for no split.
  ///
  /// - Parameter multiple: of what the length of a part must be a multiple.
  package func splits(groups: Int, inner: Int, multiple: Int) -> (count: Int, length: Int) {
    // More than 16 are not worth their memory.
    let wanted = min(wantedGroups / max(groups, 1), inner / shortestPart, 16)
    guard wanted > 1 else { return (1, inner) }
    let length = inner.dividedRoundingUp(by: wanted).roundedUp(toMultipleOf: multiple)
    return (inner.dividedRoundingUp(by: length), length)
  }

  /// The same with parts of one length without rest, which a batch can stand for.
  package func evenSplits(groups: Int, inner: Int, multiple: Int) -> Int {
    let wanted = splits(groups: groups, inner: inner, multiple: multiple).count
    return (1...max(1, wanted)).last { inner % $0 == 0 && inner / $0 % multiple == 0 } ?? 1
  }
}
