// SPDX-License-Identifier: Apache-2.0

/// A checkpoint that PyTorch's `torch.save` wrote: `.ckpt`, `.pth`, `.pt`, `.bin`, of today's zip form and of the older one.
///
/// Such a file is a Python program that makes its tensors. Here it is read as data: `PickleMachine` knows the few
/// instructions and names that lists of weights need, and refuses every other by its name. Nothing in the file is run. The
/// tensors are mapped, not read: opening takes time and memory for their list alone.
///
/// Where the file holds a `state_dict`, that is what is taken, as other programs do; without one, every tensor that has a
/// name, with the names of the dictionaries around it before it. Optimizers' states are left out.
public final class PyTorchFile: WeightFile {
  public let name: String
  public let metadata: [String: String] = [:]
  public let keys: [String]
  /// The size of all tensors in bytes; tensors that share memory count each for itself.
  public let dataByteCount: Int
  /// Names at the top of the file that are no weights, such as `optimizer_states`, sorted.
  public let leftOut: [String]

  private struct Stored {
    let entry: SafetensorsFile.Entry
    /// Nil if the elements lie in row-major order.
    let strides: [Int]?
    /// Whether it has more elements than there are in the file.
    let isRepeated: Bool

    var byteCount: Int { entry.elementCount * (entry.dtype.bitWidth / 8) }
  }

  /// The most bytes of tensors that have more elements than the file: a few bytes of it can say any number.
  static let maximumRepeatedByteCount = 256 << 20

  private let entries: [String: Stored]
  private let region: MappedRegion

  /// Maps a file and reads the list of its tensors.
  ///
  /// - Throws: ``WeightError``: what opening a file throws; ``WeightError/refusedPickle(file:reason:)`` for a file that asks
  ///   for more than weights do; ``WeightError/damagedPickle(file:offset:reason:)``;
  ///   ``WeightError/foreign(file:content:)`` for another kind of file.
  public convenience init(path: String) throws(WeightError) {
    try self.init(region: MappedRegion.file(path), name: path)
  }

  /// Uses a file's content that is in memory already. See ``SafetensorsFile/init(bytes:name:owner:)``.
  ///
  /// - Throws: As ``init(path:)``.
  public convenience init(
    bytes: UnsafeRawBufferPointer, name: String, owner: AnyObject? = nil
  ) throws(WeightError) {
    try self.init(region: MappedRegion(borrowing: bytes, owner: owner), name: name)
  }

  /// Whether content begins as a zip file of PyTorch or as a pickle does.
  static func resembles(_ bytes: UnsafeRawBufferPointer) -> Bool {
    if bytes.starts(with: "PK\u{03}\u{04}".utf8) {
      // The first name in the archive stands within its first bytes.
      return String(decoding: bytes.prefix(512), as: UTF8.self).contains("data.pkl")
        || PyTorchArchive.holdsPickle(bytes)
    }
    return bytes.count > 2 && bytes[0] == 0x80 && (2...5).contains(bytes[1])
      || bytes.starts(with: PyTorchLegacy.textBeginning.utf8)
  }

  init(region: MappedRegion, name: String) throws(WeightError) {
    self.region = region
    self.name = name
    do throws(PickleFailure) {
      let content =
        region.bytes.starts(with: [0x50, 0x4B])
        ? try PyTorchArchive.read(region.bytes) : try PyTorchLegacy.read(region.bytes)
      var entries: [String: Stored] = [:]
      var total = 0
      var repeated = 0
      for (key, tensor) in content.tensors {
        let stored = try Self.stored(tensor, key: key, places: content.storages)
        let (sum, overflow) = total.addingReportingOverflow(
          stored.byteCount)
        guard !overflow else { throw PickleFailure(offset: 0, reason: "its tensors are larger than any memory") }
        total = sum
        if stored.isRepeated { repeated += stored.byteCount }
        guard repeated <= Self.maximumRepeatedByteCount else {
          throw PickleFailure(
            offset: 0,
            reason:
              "with \(WeightError.quoted(key)) its tensors that repeat their elements (strides of 0) take more than "
              + "\(Self.maximumRepeatedByteCount >> 20) MiB, which no weights do; save a copy of it, its clone()",
            isRefusal: true)
        }
        entries[key] = stored
      }
      self.entries = entries
      keys = entries.keys.sorted()
      dataByteCount = total
      leftOut = content.leftOut.sorted()
    } catch {
      throw error.isRefusal
        ? .refusedPickle(file: name, reason: error.reason)
        : .damagedPickle(file: name, offset: error.offset, reason: error.reason)
    }
    guard !keys.isEmpty else { throw .refusedPickle(file: name, reason: "it holds no tensor that has a name") }
  }

  public subscript(key: String) -> SafetensorsFile.Entry? { entries[key]?.entry }

  public func bytes(of key: String) throws(WeightError) -> MappedBytes {
    guard let stored = entries[key] else { throw .keyNotFound(file: name, key: key) }
    let bytes = MappedBytes(region, stored.entry.byteRange)
    guard let strides = stored.strides else { return bytes }
    let count = stored.byteCount
    guard HostMemory.hasRoom(for: count) else {
      throw .outOfResources(
        file: name,
        reason: "\(count >> 20) MiB to put the elements of \(WeightError.quoted(key)) in order are not free")
    }
    return bytes.gathered(
      shape: stored.entry.shape, strides: strides, elementSize: stored.entry.dtype.bitWidth / 8)
  }

  public func releasePages() { region.releasePages() }

  public func checkLength() throws(WeightError) { try region.checkLength() }

  /// Makes sure that a tensor lies within its storage, and the storage within the file.
  private static func stored(
    _ tensor: PyTorchTensor, key: String, places: [String: Range<Int>]
  ) throws(PickleFailure) -> Stored {
    func failure(_ reason: String) -> PickleFailure {
      PickleFailure(offset: 0, reason: "\(WeightError.quoted(key)) \(reason)")
    }
    guard let place = places[tensor.storage.key] else { throw failure("has no data in the file") }
    let size = tensor.dtype.bitWidth / 8
    // Of a storage without a type, the count is of bytes.
    let unit = tensor.storage.dtype.map { $0.bitWidth / 8 } ?? 1
    let (storageBytes, overflow) = tensor.storage.count.multipliedReportingOverflow(by: unit)
    let (start, startOverflow) = tensor.storage.start.multipliedReportingOverflow(by: unit)
    guard !overflow, !startOverflow, start <= place.count, storageBytes <= place.count - start else {
      throw failure("has less data in the file than its storage takes")
    }
    let available = storageBytes / size
    guard let (elements, _) = tensor.dtype.size(of: tensor.shape) else { throw failure("has an impossible shape") }
    // The last element's place, from the first one on.
    var last = 0
    for (extent, stride) in zip(tensor.shape, tensor.strides) where extent > 1 && elements > 0 {
      let (step, overflow) = (extent - 1).multipliedReportingOverflow(by: stride)
      let (sum, sumOverflow) = last.addingReportingOverflow(step)
      guard !overflow, !sumOverflow else { throw failure("lies outside of its storage") }
      last = sum
    }
    guard elements == 0 || (tensor.offset < available && last < available - tensor.offset) else {
      throw failure("lies outside of its storage")
    }
    let begin = elements == 0 ? place.lowerBound : place.lowerBound + start + tensor.offset * size
    let end = elements == 0 ? begin : begin + (last + 1) * size
    return Stored(
      entry: SafetensorsFile.Entry(
        dtype: tensor.dtype, shape: tensor.shape, elementCount: elements, byteRange: begin..<end),
      strides: tensor.isContiguous ? nil : tensor.strides, isRepeated: elements > last + 1)
  }
}

/// What a checkpoint of PyTorch holds.
struct PyTorchContent {
  var tensors: [(key: String, tensor: PyTorchTensor)] = []
  /// The names at the top that are no weights.
  var leftOut: [String] = []
  /// Where each storage's bytes are.
  var storages: [String: Range<Int>] = [:]
}
