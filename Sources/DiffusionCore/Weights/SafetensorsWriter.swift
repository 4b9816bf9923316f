import Glibc

/// Writes a safetensors file tensor by tensor, holding none of them in memory.
///
/// The file is made under another name in the same folder and takes its place only when it is complete, so that
/// nobody ever maps half a file, and a file that is mapped under the old name stays whole. A writer that goes away
/// without ``finish()`` leaves nothing behind.
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
  private let temporaryPath: String
  private let tensors: [Tensor]
  private let byteCounts: [Int]
  private var descriptor: Int32
  private var index = 0
  private var written = 0

  /// Creates the file and writes its header.
  ///
  /// - Parameters:
  ///   - path: Where the finished file shall be; a file that is there is replaced.
  ///   - tensors: All tensors, in the order in which they will be written. Put the widest element type first if they
  ///     shall be aligned in memory.
  ///   - metadata: The header's free text.
  /// - Throws: ``WeightError/fileNotWritable(file:reason:)``, ``WeightError/duplicateKey(file:key:offset:)``,
  ///   ``WeightError/shapeOverflow(file:key:shape:dtype:)`` or ``WeightError/headerTooLarge(file:length:)``.
  public init(path: String, tensors: [Tensor], metadata: [String: String] = [:]) throws(WeightError) {
    let (header, byteCounts) = try Self.header(tensors, metadata, file: path)
    // Not mkstemp: it makes files that only their owner may read, and their mode would stay after the renaming.
    let temporaryPath = path + ".partial-" + String(UInt64.random(in: .min ... .max), radix: 36)
    let descriptor = open(temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw .fileNotWritable(file: path, reason: systemError(errno)) }
    self.path = path
    self.temporaryPath = temporaryPath
    self.tensors = tensors
    self.byteCounts = byteCounts
    self.descriptor = descriptor
    try withUnsafeBytes(of: UInt64(header.count).littleEndian) { (bytes) throws(WeightError) in try put(bytes) }
    try header.span.withUnsafeBytes { (bytes) throws(WeightError) in try put(bytes) }
  }

  deinit { discard() }

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
  ///   ``WeightError/fileNotWritable(file:reason:)`` if the system refuses.
  public func finish() throws(WeightError) {
    skipFullTensors(until: nil)
    guard index == tensors.count else {
      let left = byteCounts[index] - written
      throw .writeOutOfOrder(
        file: path, reason: "\(left) bytes of \(WeightError.quoted(tensors[index].key)) are not yet written")
    }
    guard descriptor >= 0 else { throw closed }
    guard fsync(descriptor) == 0, rename(temporaryPath, path) == 0 else {
      throw .fileNotWritable(file: path, reason: systemError(errno))
    }
    close(descriptor)
    descriptor = -1
  }

  /// Passes to the next tensor when the current one is full, so that tensors without elements need no call.
  private func skipFullTensors(until key: String?) {
    while index < tensors.count, written == byteCounts[index], tensors[index].key != key {
      index += 1
      written = 0
    }
  }

  private func put(_ bytes: UnsafeRawBufferPointer) throws(WeightError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      guard descriptor >= 0 else { throw closed }
      let count = systemWrite(descriptor, UnsafeRawBufferPointer(rebasing: rest))
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        let reason = systemError(errno)
        // Part of the bytes may be on the disk, so that a second attempt would write them twice.
        discard()
        throw .fileNotWritable(file: path, reason: reason)
      }
      rest = rest.dropFirst(count)
    }
  }

  private var closed: WeightError {
    .writeOutOfOrder(file: path, reason: "the file is finished or given up already")
  }

  private func discard() {
    guard descriptor >= 0 else { return }
    close(descriptor)
    unlink(temporaryPath)
    descriptor = -1
  }
}
