// SPDX-License-Identifier: Apache-2.0

/// What stands around an image that is padded.
public enum PaddingMode: String, Sendable, Hashable, CaseIterable {
  /// Zeros.
  case zero
  /// The pixel at the border, again and again.
  case edge
  /// The image mirrored at the pixel of its border, which is not repeated.
  case reflect
}

extension ResampleTaps {
  /// One axis with elements added before and after.
  ///
  /// - Precondition: `reflect` adds less than the extent, `edge` to at least one element.
  public static func padding(_ extent: Int, before: Int, after: Int, mode: PaddingMode) -> ResampleTaps {
    precondition(before >= 0 && after >= 0, "\(before) and \(after) elements to add")
    let added = max(before, after)
    switch mode {
    case .zero: precondition(extent > 0 || added == 0, "no element to take the place of zeros")
    case .edge: precondition(extent > 0 || added == 0, "nothing has no border")
    case .reflect: precondition(added == 0 || added < extent, "\(added) elements reflected of \(extent)")
    }
    let positions = -before..<extent + after
    let indices = positions.map { position in
      switch mode {
      case .zero, .edge: Int32(min(max(position, 0), extent - 1))
      case .reflect: Int32(position < 0 ? -position : position < extent ? position : 2 * (extent - 1) - position)
      }
    }
    return ResampleTaps(
      inputExtent: extent, outputExtent: positions.count, width: 1, indices: indices,
      weights: positions.map { mode == .zero && !(0..<extent).contains($0) ? 0 : 1 })
  }

  /// The same table with outputs added before and after: those of a padding of its result.
  ///
  /// - Precondition: as of ``padding(_:before:after:mode:)``, of the result's extent.
  func padded(before: Int, after: Int, mode: PaddingMode) -> ResampleTaps {
    let outer = ResampleTaps.padding(outputExtent, before: before, after: after, mode: mode)
    var (indices, weights): ([Int32], [Float]) = ([], [])
    for (output, factor) in zip(outer.indices, outer.weights) {
      let taps = Int(output) * width..<(Int(output) + 1) * width
      indices += self.indices[taps]
      weights += self.weights[taps].map { $0 * factor }
    }
    return ResampleTaps(
      inputExtent: inputExtent, outputExtent: outer.outputExtent, width: width, indices: indices, weights: weights)
  }
}
