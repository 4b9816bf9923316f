// SPDX-License-Identifier: Apache-2.0

/// Writes a safetensors file tensor by tensor, holding none of them in memory.
///
/// The file takes its name only when it is complete, so that nobody ever maps half a file, and a file that is mapped under
/// the old name stays whole. A writer that goes away without ``finish()`` leaves nothing behind.
public final class SafetensorsWriter {
  /// A tensor to come.
  public struct Tensor: Sendable, Hashable {
    /// Its key.
    public let key: String
    /// Its element type.
    public let dtype: SafetensorsDType
    /// Its shape, outermost dimension first.
    public let shape: [Int]

    /// A tensor of the given key, element type and shape.
    public init(key: String, dtype: SafetensorsDType, shape: [Int]) {
      self.key = key
      self.dtype = dtype
      self.shape = shape
    }
  }

  private let path: String
  private let tensors: [Tensor]
  private let byteCounts: [Int]
  /// Nil when it is finished or given up.
  private var file: AtomicFile?
  private var index = 0
  private var written = 0

  /// Creates the file and writes its header.
  ///
  /// - Parameters:
  ///   - path: Where the finished file shall be.
  ///   - tensors: All tensors, in the order in which they will be written. Put the widest element type first if they
  ///     shall be aligned in memory.
  ///   - metadata: The header's free text.
  ///   - existing: What happens to a file that is there, now or by ``finish()``.
  /// - Throws: ``WeightError/fileNotWritable(file:reason:)``, ``WeightError/fileExists(file:savedAs:)``,
  ///   ``WeightError/duplicateKey(file:key:offset:)``,
  ///   ``WeightError/shapeOverflow(file:key:shape:dtype:)`` or ``WeightError/headerTooLarge(file:length:)``.
  public init(
    path: String, tensors: [Tensor], metadata: [String: String] = [:], existing: ExistingFilePolicy = .replace
  ) throws(WeightError) {
    let (header, byteCounts) = try Self.header(tensors, metadata, file: path)
    self.path = path
    self.tensors = tensors
    self.byteCounts = byteCounts
    do {
      file = try AtomicFile(path, existing: existing)
    } catch {
      throw Self.error(error)
    }
    try withUnsafeBytes(of: UInt64(header.count).littleEndian) { (bytes) throws(WeightError) in try put(bytes) }
    try header.span.withUnsafeBytes { (bytes) throws(WeightError) in try put(bytes) }
  }

  /// Writes bytes of the next tensor: all of them, or as many as there are at hand, in several calls.
  ///
  /// - Throws: ``WeightError/writeOutOfOrder(file:reason:)`` if it is not the turn of this key or the bytes are too
  ///   many; ``WeightError/fileNotWritable(file:reason:)`` if the system refuses, for instance on a full disk.
  public func write(_ key: String, _ bytes: UnsafeRawBufferPointer) throws(WeightError) {
    skipFullTensors(until: key)
    guard index < tensors.count, tensors[index].key == key else {
      let turn = index < tensors.count ? "\(WeightError.quoted(tensors[index].key)) comes next" : "all are written"
      throw .writeOutOfOrder(file: path, reason: "\(WeightError.quoted(key)) is written, but \(turn)")
    }
    let left = byteCounts[index] - written
    guard bytes.count <= left else {
      throw .writeOutOfOrder(
        file: path, reason: "\(bytes.count) bytes of \(WeightError.quoted(key)) are written, but \(left) are left")
    }
    try put(bytes)
    written += bytes.count
  }

  /// Completes the file, waits until the disk has it, and gives it its name.
  ///
  /// - Throws: ``WeightError/writeOutOfOrder(file:reason:)`` if a tensor is not whole;
  ///   ``WeightError/fileNotWritable(file:reason:)`` if the system refuses; ``WeightError/fileExists(file:savedAs:)`` if
  ///   there is another file by now that is not to be replaced.
  public func finish() throws(WeightError) {
    skipFullTensors(until: nil)
    guard index == tensors.count else {
      let left = byteCounts[index] - written
      throw .writeOutOfOrder(
        file: path, reason: "\(left) bytes of \(WeightError.quoted(tensors[index].key)) are not yet written")
    }
    guard let file else { throw closed }
    self.file = nil
    do {
      try file.commit()
    } catch {
      throw Self.error(error)
    }
  }

  /// Passes to the next tensor when the current one is full, so that tensors without elements need no call.
  private func skipFullTensors(until key: String?) {
    while index < tensors.count, written == byteCounts[index], tensors[index].key != key {
      index += 1
      written = 0
    }
  }

  private func put(_ bytes: UnsafeRawBufferPointer) throws(WeightError) {
    guard let file else { throw closed }
    do {
      try file.write(bytes)
    } catch {
      self.file = nil
      throw .fileNotWritable(file: path, reason: error.reason)
    }
  }

  private static func error(_ error: UnwritableFile) -> WeightError {
    error.isTaken
      ? .fileExists(file: error.file, savedAs: error.savedAs) : .fileNotWritable(file: error.file, reason: error.reason)
  }

  private var closed: WeightError {
    .writeOutOfOrder(file: path, reason: "the file is finished or given up already")
  }
}
