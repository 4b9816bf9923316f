// SPDX-License-Identifier: Apache-2.0

/// The zip form of PyTorch's checkpoints, since 1.6: `NAME/data.pkl` lists the tensors, `NAME/data/KEY` are their storages,
/// stored without compression.
enum PyTorchArchive {
  private static let maximumFileCount = 1 << 20
  private static let list = "data.pkl"

  /// Whether the directory, if it can be read, has a list of tensors.
  static func holdsPickle(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard let directory = try? ZipDirectory(bytes, maximumItemCount: maximumFileCount) else { return false }
    return directory.items.contains { prefix($0.name) != nil }
  }

  static func read(_ bytes: UnsafeRawBufferPointer) throws(PickleFailure) -> PyTorchContent {
    let directory = try translated { () throws(ZipFailure) in
      try ZipDirectory(bytes, maximumItemCount: maximumFileCount)
    }
    guard let item = directory.items.first(where: { prefix($0.name) != nil }), let prefix = prefix(item.name) else {
      throw PickleFailure(offset: 0, reason: "the archive holds no \(list)")
    }
    var places: [String: Range<Int>] = [:]
    for item in directory.items where item.name.hasPrefix(prefix) {
      let name = item.name.dropFirst(prefix.count)
      if name == "constants.pkl" {
        throw PickleFailure(
          offset: item.header, reason: "it is a TorchScript program, and not a list of weights", isRefusal: true)
      }
      guard name.hasPrefix("data/") || name == "byteorder" else { continue }
      let place = try place(of: item, in: directory, bytes)
      if name == "byteorder", bytes[place].elementsEqual("big".utf8) {
        throw PickleFailure(
          offset: item.header, reason: "it comes from a big-endian machine, whose numbers are not read", isRefusal: true
        )
      }
      if name.hasPrefix("data/") { places[String(name.dropFirst("data/".count))] = place }
    }
    var machine = PickleMachine(bytes, try place(of: item, in: directory, bytes))
    let root = try machine.run().value
    var content = try PyTorchNames.content(of: root, in: machine)
    content.storages = places
    return content
  }

  private static func place(
    of item: ZipDirectory.Item, in directory: ZipDirectory, _ bytes: UnsafeRawBufferPointer
  ) throws(PickleFailure) -> Range<Int> {
    guard item.method == 0, item.packedSize == item.size else {
      throw PickleFailure(
        offset: item.header,
        reason: "\(WeightError.printable(item.name)) is compressed, which PyTorch does not do: the archive was packed "
          + "by something else", isRefusal: true)
    }
    return try translated { () throws(ZipFailure) in try directory.place(of: item, in: bytes) }
  }

  private static func translated<R>(_ body: () throws(ZipFailure) -> R) throws(PickleFailure) -> R {
    do throws(ZipFailure) {
      return try body()
    } catch {
      throw PickleFailure(offset: error.offset, reason: error.reason)
    }
  }

  /// What stands before `data.pkl`, at the top or in one folder.
  private static func prefix(_ name: String) -> String? {
    guard name.hasSuffix(list) else { return nil }
    let prefix = name.dropLast(list.count)
    return prefix.isEmpty || (prefix.hasSuffix("/") && prefix.count { $0 == "/" } == 1) ? String(prefix) : nil
  }
}
