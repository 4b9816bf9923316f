// SPDX-License-Identifier: Apache-2.0

/// The older form of PyTorch's checkpoints, up to 1.5: five pickles one behind the other (a number by which it is known, the
/// version, facts of the machine, the tensors, the names of the storages) and the storages, each after its length.
enum PyTorchLegacy {
  /// 0x1950A86A20F9469CFC6C, the lowest byte first.
  private static let magic: [UInt8] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]
  /// The same as the protocols 0 and 1 write it.
  private static let magicDigits = "119547037146038801333356"
  /// How a file of these protocols begins, with which Python's own pickles are not marked.
  static let textBeginning = "L\(magicDigits)L\n."
  private static let version = 1001

  static func read(_ bytes: UnsafeRawBufferPointer) throws(PickleFailure) -> PyTorchContent {
    var place = 0
    func next() throws(PickleFailure) -> (machine: PickleMachine, value: Int) {
      var machine = PickleMachine(bytes, place..<bytes.count)
      let (value, end) = try machine.run()
      place = end
      return (machine, value)
    }
    var (machine, value) = try next()
    let isPyTorch =
      switch machine.values[value] {
      case .largeInt(let digits): bytes[digits].elementsEqual(magic)
      case .largeDecimal(let digits): digits == magicDigits
      default: false
      }
    guard isPyTorch else {
      throw PickleFailure(offset: 0, reason: "it is a pickle that PyTorch did not write", isRefusal: true)
    }
    (machine, value) = try next()
    guard case .int(version) = machine.values[value] else {
      throw PickleFailure(offset: place, reason: "its version is unknown", isRefusal: true)
    }
    (machine, value) = try next()
    if let isLittle = machine.entry("little_endian", of: value), case .bool(false) = machine.values[isLittle] {
      throw PickleFailure(
        offset: place, reason: "it comes from a big-endian machine, whose numbers are not read", isRefusal: true)
    }
    (machine, value) = try next()
    var content = try PyTorchNames.content(of: value, in: machine)
    let sizes = elementSizes(machine)
    (machine, value) = try next()
    guard case .list(let keys) = machine.values[value] else {
      throw PickleFailure(offset: place, reason: "the names of its storages are missing")
    }
    for key in keys {
      guard case .string(let name) = machine.values[key] else {
        throw PickleFailure(offset: place, reason: "the name of a storage is no text")
      }
      guard bytes.count - place >= 8 else {
        throw PickleFailure(offset: place, reason: "the file ends before the storage \(WeightError.quoted(name))")
      }
      let count = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self))
      place += 8
      // A storage that nothing refers to has an unknown size, and what follows an unknown place.
      guard let size = sizes[name] else {
        throw PickleFailure(offset: place, reason: "nothing says what the storage \(WeightError.quoted(name)) holds")
      }
      guard count <= UInt64((bytes.count - place) / size) else {
        throw PickleFailure(offset: place, reason: "the file ends within the storage \(WeightError.quoted(name))")
      }
      content.storages[name] = place..<place + Int(count) * size
      place += Int(count) * size
    }
    return content
  }

  /// The size of an element of each storage that the pickle refers to.
  private static func elementSizes(_ machine: PickleMachine) -> [String: Int] {
    var sizes: [String: Int] = [:]
    for value in machine.values {
      if case .storage(let storage) = value { sizes[storage.key] = storage.dtype.map { $0.bitWidth / 8 } ?? 1 }
    }
    return sizes
  }
}
