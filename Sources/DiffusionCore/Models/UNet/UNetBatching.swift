// SPDX-License-Identifier: Apache-2.0

/// How many rows of a step the U-Net takes in one pass. A step has a row for each guidance branch of each picture.
///
/// The activations of a pass grow with its rows, and at large sizes outgrow the weights. There every row by itself
/// keeps all threads busy, so that one pass after another takes the same time and a part of the memory. The pictures
/// are the same.
public enum UNetBatching: Sendable, Hashable {
  /// As many rows as together have no more than ``automaticPositions``, but at least one.
  case automatic
  /// All rows in one pass.
  case whole
  /// At most so many rows in a pass, 1 or more; branches are not mixed then.
  case rows(Int)

  /// The latent positions of a pass that `automatic` allows: two rows of a picture of 512 x 512 pixels. What a pass
  /// does but once is to read the weights and pack them for the products, and beyond that size it is a few hundredths
  /// of the time.
  public static let automaticPositions = 2 * 64 * 64

  /// Some branches of some pictures that run together.
  package struct Pass: Sendable, Hashable {
    /// The guidance branches, in the order of a step.
    package let branches: Range<Int>
    /// The pictures.
    package let pictures: Range<Int>
  }

  /// The passes of a step, branch by branch. Together they are its rows in order: all pictures of the first branch, all
  /// of the next.
  ///
  /// - Parameter positions: the latent positions of a row.
  package func passes(branches: Int, pictures: Int, positions: Int) -> [Pass] {
    let rows = branches * pictures
    let limit =
      switch self {
      case .automatic: max(1, Self.automaticPositions / max(1, positions))
      case .whole: rows
      case .rows(let count): max(1, count)
      }
    if rows <= limit { return [Pass(branches: 0..<branches, pictures: 0..<pictures)] }
    // As even as they can be: two passes of three rows take less memory than one of four and one of two.
    let count = pictures.dividedRoundingUp(by: limit)
    return (0..<branches).flatMap { branch in
      (0..<count).map { index in
        Pass(branches: branch..<branch + 1, pictures: index * pictures / count..<(index + 1) * pictures / count)
      }
    }
  }
}
