// SPDX-License-Identifier: Apache-2.0

/// Reads a pickle as a description of plain values. No instruction does anything but make, put together and number them.
///
/// Source of the instructions: Python's `pickletools` and PEP 3154. Memory is bounded by ``maximumValueCount``, time by the
/// length of the pickle.
struct PickleMachine {
  /// The most values that are made; a checkpoint of a diffusion model and its optimiser has some hundred thousand.
  static let maximumValueCount = 4 << 20
  private static let maximumProtocol = 5
  private static let maximumTextSize = 1 << 16

  private let bytes: UnsafeRawBufferPointer
  private(set) var position: Int
  private let end: Int
  private(set) var values: [PickleValue] = []
  private var stack: [Int] = []
  /// Heights of the stack.
  private var marks: [Int] = []
  private var memo: [Int: Int] = [:]

  /// - Parameter range: where the pickle may be read.
  init(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) {
    self.bytes = bytes
    position = range.lowerBound
    end = range.upperBound
  }

  /// Runs to the pickle's end.
  ///
  /// - Returns: the value's number in ``values``, and the place of the first byte behind the pickle.
  mutating func run() throws(PickleFailure) -> (value: Int, end: Int) {
    while true {
      let place = position
      let byte = try take(1)[0]
      guard let opcode = PickleOpcode(rawValue: byte) else {
        throw PickleFailure(
          offset: place, reason: "the instruction 0x\(String(byte, radix: 16)) of the pickle is not allowed",
          isRefusal: true)
      }
      if opcode == .stop { return (try pop(), position) }
      try perform(opcode, at: place)
      guard values.count <= Self.maximumValueCount, stack.count <= Self.maximumValueCount,
        marks.count <= Self.maximumValueCount
      else { throw failure("the pickle makes more than \(Self.maximumValueCount) values") }
    }
  }

  private mutating func perform(_ opcode: PickleOpcode, at place: Int) throws(PickleFailure) {
    switch opcode {
    case .stop: break
    case .proto:
      let version = Int(try take(1)[0])
      guard version <= Self.maximumProtocol else { throw failure("the pickle has the unknown protocol \(version)") }
    case .frame: _ = try take(8)
    case .mark: marks.append(stack.count)
    case .pop:
      // Python pops a mark by it, too.
      if marks.last == stack.count { marks.removeLast() } else { _ = try pop() }
    case .popMark: _ = try popToMark()
    case .dup: push(again: try top())
    case .none: push(.none)
    case .newTrue: push(.bool(true))
    case .newFalse: push(.bool(false))
    case .int, .long, .float, .string, .unicode: try performText(opcode)
    case .binInt: push(.int(Int(Int32(truncatingIfNeeded: try number(4)))))
    case .binInt1: push(.int(try number(1)))
    case .binInt2: push(.int(try number(2)))
    case .long1: try pushLong(count: try number(1))
    case .long4: try pushLong(count: try number(4))
    case .binFloat:
      let bits = try take(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      push(.float(Double(bitPattern: bits)))
    case .binString, .binUnicode: try pushText(try number(4))
    case .shortBinString, .shortBinUnicode: try pushText(try number(1))
    case .binUnicode8: try pushText(try number(8))
    case .binBytes: try passOver(try number(4))
    case .shortBinBytes: try passOver(try number(1))
    case .binBytes8, .byteArray8: try passOver(try number(8))
    case .emptyList: push(.list([]))
    case .emptyTuple: push(.tuple([]))
    case .emptyDict: push(.dictionary([]))
    case .emptySet: push(.passedOver)
    case .list: push(.list(try popToMark()))
    case .tuple: push(.tuple(try popToMark()))
    case .tuple1: try pushTuple(1)
    case .tuple2: try pushTuple(2)
    case .tuple3: try pushTuple(3)
    case .frozenSet:
      _ = try popToMark()
      push(.passedOver)
    case .dict:
      let items = try popToMark()
      push(.dictionary([]))
      try setItems(items)
    case .append: try appendItems([try pop()])
    case .appends: try appendItems(try popToMark())
    case .addItems:
      _ = try popToMark()
      _ = try top()
    case .setItem:
      let value = try pop()
      try setItems([try pop(), value])
    case .setItems: try setItems(try popToMark())
    case .get: try recall(try lineNumber())
    case .binGet: try recall(try number(1))
    case .longBinGet: try recall(try number(4))
    case .put: memo[try lineNumber()] = try top()
    case .binPut: memo[try number(1)] = try top()
    case .longBinPut: memo[try number(4)] = try top()
    case .memoize: memo[memo.count] = try top()
    case .global:
      let module = try line()
      try pushGlobal(module: module, name: try line(), at: place)
    case .stackGlobal:
      let name = try pop()
      let module = try pop()
      guard case .string(let name) = values[name], case .string(let module) = values[module] else {
        throw failure("a name in the pickle is no text")
      }
      try pushGlobal(module: module, name: name, at: place)
    case .reduce, .newObject:
      let arguments = try pop()
      try call(try pop(), arguments)
    case .build:
      _ = try pop()
      _ = try top()
    case .binPersistentID: try pushStorage(try pop())
    case .persistentID: try pushStorage(text: try line())
    }
  }

  // MARK: Putting together

  mutating func setItems(_ items: [Int]) throws(PickleFailure) {
    let target = try top()
    guard items.count % 2 == 0 else { throw failure("a dictionary in the pickle has a key without a value") }
    switch values[target] {
    case .dictionary(var entries):
      // Taken out, or appending would copy all of them.
      values[target] = .none
      for index in stride(from: 0, to: items.count, by: 2) { entries.append((items[index], items[index + 1])) }
      values[target] = .dictionary(entries)
    case .passedOver: break
    default: throw failure("the pickle gives entries to what is no dictionary")
    }
  }

  private mutating func appendItems(_ items: [Int]) throws(PickleFailure) {
    let target = try top()
    switch values[target] {
    case .list(var entries):
      values[target] = .none
      entries += items
      values[target] = .list(entries)
    case .passedOver: break
    default: throw failure("the pickle gives entries to what is no list")
    }
  }

  private mutating func pushTuple(_ count: Int) throws(PickleFailure) {
    guard stack.count - (marks.last ?? 0) >= count else { throw failure("the pickle takes more than it has made") }
    let parts = Array(stack.suffix(count))
    stack.removeLast(count)
    push(.tuple(parts))
  }

  private mutating func passOver(_ count: Int) throws(PickleFailure) {
    _ = try take(count)
    push(.passedOver)
  }

  private mutating func pushLong(count: Int) throws(PickleFailure) {
    let start = position
    let digits = try take(count)
    guard count <= 8 else { return push(.largeInt(start..<start + count)) }
    var value: UInt64 = digits.last.map { $0 >= 0x80 } == true ? .max : 0
    for byte in digits.reversed() { value = value << 8 | UInt64(byte) }
    push(.int(Int(Int64(bitPattern: value))))
  }

  private mutating func recall(_ number: Int) throws(PickleFailure) {
    guard let value = memo[number] else { throw failure("the pickle refers to a value that it has not made") }
    push(again: value)
  }

  // MARK: The stack and the bytes

  mutating func push(_ value: PickleValue) {
    stack.append(values.count)
    values.append(value)
  }

  /// Pushes one that is made.
  mutating func push(again value: Int) { stack.append(value) }

  private func top() throws(PickleFailure) -> Int {
    guard let value = stack.last, stack.count > marks.last ?? 0 else {
      throw failure("the pickle takes more than it has made")
    }
    return value
  }

  mutating func pop() throws(PickleFailure) -> Int {
    let value = try top()
    stack.removeLast()
    return value
  }

  private mutating func popToMark() throws(PickleFailure) -> [Int] {
    guard let mark = marks.popLast() else { throw failure("the pickle has the end of a list without its start") }
    let items = Array(stack[mark...])
    stack.removeSubrange(mark...)
    return items
  }

  private mutating func take(_ count: Int) throws(PickleFailure) -> UnsafeRawBufferPointer {
    guard count >= 0, count <= end - position else { throw failure("the pickle ends early") }
    defer { position += count }
    return UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
  }

  /// A number of at most 8 bytes, the lowest first; negative where it does not fit, which no length is.
  private mutating func number(_ size: Int) throws(PickleFailure) -> Int {
    Int(truncatingIfNeeded: try take(size).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
  }

  private mutating func pushText(_ count: Int) throws(PickleFailure) {
    let bytes = try take(count)
    // No name is as long, and other texts are not needed.
    push(count <= Self.maximumTextSize ? .string(String(decoding: bytes, as: UTF8.self)) : .passedOver)
  }

  mutating func line() throws(PickleFailure) -> String {
    // No line that is needed is as long as that.
    let limit = min(end, position + 4096)
    guard let stop = (position..<limit).first(where: { bytes[$0] == 0x0A }) else {
      throw failure("a line in the pickle has no end")
    }
    let line = bytes[position..<stop]
    position = stop + 1
    // Names are UTF-8; texts of protocol 0 are Latin-1, which only looks like UTF-8 where it is ASCII.
    return String(validating: line, as: UTF8.self)
      ?? String(String.UnicodeScalarView(line.map { Unicode.Scalar($0) }))
  }

  private mutating func lineNumber() throws(PickleFailure) -> Int {
    guard let number = Int(try line()), number >= 0 else { throw failure("a number in the pickle makes no sense") }
    return number
  }

  func failure(_ reason: String) -> PickleFailure { PickleFailure(offset: position, reason: reason) }
}
