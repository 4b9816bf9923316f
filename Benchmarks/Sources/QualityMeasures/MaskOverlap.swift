// SPDX-License-Identifier: Apache-2.0

import Colorize

/// How well two masks agree.
public enum MaskOverlap {
  /// The area that both have over the area that either has (intersection over union), each cut at one half; 1 for two masks
  /// of nothing, nil for masks of different sizes.
  public static func share(of one: Mask, _ other: Mask) -> Double? {
    guard one.width == other.width, one.height == other.height else { return nil }
    var (both, either) = (0, 0)
    for (a, b) in zip(one.values, other.values) {
      if a > 0.5 && b > 0.5 { both += 1 }
      if a > 0.5 || b > 0.5 { either += 1 }
    }
    return either == 0 ? 1 : Double(both) / Double(either)
  }
}
