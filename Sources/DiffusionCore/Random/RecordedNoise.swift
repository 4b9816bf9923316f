// SPDX-License-Identifier: Apache-2.0

/// Noise that was recorded elsewhere, given back array by array in the order in which it was used.
///
/// A test feeds a sampler the very noise that a reference run used, and so compares everything but the generator.
/// Only the number of values of a call is checked against the recording, because recordings are flat.
package struct RecordedNoise: NoiseSource {
  private let arrays: [[Float]]
  private var position = 0

  /// Makes a source that gives `arrays`, one a call.
  package init(_ arrays: [[Float]]) {
    self.arrays = arrays
  }

  /// How many arrays have not been used yet. A test checks that a run ends with 0.
  package var remaining: Int { arrays.count - position }

  /// Gives the next array; a failed call does not use one up.
  ///
  /// - Throws: `NoiseError.exhausted` after the last array, `NoiseError.sizeMismatch` if the next array does not
  ///   have as many values as `shape`, `NoiseError.invalidShape`.
  package mutating func normals(shape: [Int]) throws(NoiseError) -> [Float] {
    let count = try NoiseLimits.count(of: shape)
    guard position < arrays.count else { throw .exhausted(recorded: arrays.count) }
    let values = arrays[position]
    guard values.count == count else {
      throw .sizeMismatch(index: position, recorded: values.count, requested: count)
    }
    position += 1
    return values
  }
}
