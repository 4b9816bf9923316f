// SPDX-License-Identifier: Apache-2.0

/// The small arguments of a shader. Each conforming struct is made by the build of a block in `arguments`, which the
/// shaders include, so that what is written and what is read cannot differ.
package protocol ShaderArguments: Sendable {
  /// The size of the block, at most 128.
  static var byteCount: Int { get }
  /// Appends all members in the block's order.
  func write(to words: inout ShaderWords)
}

extension ShaderArguments {
  /// The block's content.
  package var words: [UInt32] {
    var words = ShaderWords(count: Self.byteCount / 4)
    write(to: &words)
    return words.words
  }
}

/// Words in the order of a block.
package struct ShaderWords {
  package private(set) var words: [UInt32] = []

  init(count: Int) { words.reserveCapacity(count) }

  /// Strides may be negative: they are added modulo 2^32.
  package mutating func append(_ value: Int) { words.append(UInt32(truncatingIfNeeded: value)) }
  package mutating func append(_ value: Float) { words.append(value.bitPattern) }

  /// An array, which has as many elements as the shader's.
  package mutating func append(_ values: [Int], count: Int) {
    precondition(values.count == count, "\(values.count) values for an array of \(count)")
    for value in values { append(value) }
  }

  package mutating func append(_ values: [Float], count: Int) {
    precondition(values.count == count, "\(values.count) values for an array of \(count)")
    for value in values { append(value) }
  }
}

/// The specialisation constants of shaders. Each conforming struct is made by the build of a file in `constants`, which
/// the shaders include.
package protocol ShaderConstants: Sendable {
  /// The values of the constants 0, 1, ...; a shader ignores those that it does not have.
  var words: [UInt32] { get }
}
