// SPDX-License-Identifier: Apache-2.0

/// What the allowed names of a pickle stand for: tensors, their storages, dictionaries.
extension PickleMachine {
  mutating func pushGlobal(module: String, name: String, at place: Int) throws(PickleFailure) {
    guard let global = PickleGlobal(module: module, name: name) else {
      throw PickleFailure(
        offset: place,
        reason: "it names \(WeightError.printable("\(module).\(name)")), which no list of weights needs",
        isRefusal: true)
    }
    push(.global(global))
  }

  mutating func call(_ callee: Int, _ arguments: Int) throws(PickleFailure) {
    guard case .global(let global) = values[callee] else {
      // Of what is passed over nothing is known, and what comes of it is passed over.
      guard case .passedOver = values[callee] else { throw failure("the pickle calls what is no function") }
      return push(.passedOver)
    }
    guard case .tuple(let parts) = values[arguments] else { throw failure("the pickle calls without arguments") }
    switch global {
    case .passedOver: push(.passedOver)
    case .dtype, .storage, .tensorClass: throw failure("the pickle calls what is no function")
    case .firstArgument:
      guard let first = parts.first else { throw failure("an argument is missing in the pickle") }
      push(again: first)
    case .dictionary:
      push(.dictionary([]))
      // OrderedDict takes a list of pairs; defaultdict first takes what is none.
      for part in parts {
        guard case .list(let pairs) = values[part] else { continue }
        var items: [Int] = []
        for pair in pairs {
          guard case .tuple(let both) = values[pair], both.count == 2 else {
            guard case .list(let both) = values[pair], both.count == 2 else {
              throw failure("a dictionary in the pickle is made of no pairs")
            }
            items += both
            continue
          }
          items += both
        }
        try setItems(items)
      }
    case .otherTensor(let words): push(.otherTensor(words))
    case .tensor: push(.tensor(try tensor(parts, isTyped: false)))
    case .typedTensor: push(.tensor(try tensor(parts, isTyped: true)))
    case .tensorOfClass:
      // The function, the class, the function's arguments and the attributes, which are no weights. Other classes have been
      // refused by their names.
      guard parts.count >= 3, case .global(let function) = values[parts[0]], function.makesTensor else {
        throw failure("a tensor in the pickle is made of something else")
      }
      try call(parts[0], parts[2])
    }
  }

  private func tensor(_ parts: [Int], isTyped: Bool) throws(PickleFailure) -> PyTorchTensor {
    guard parts.count >= (isTyped ? 7 : 4), case .storage(let storage) = values[parts[0]],
      case .int(let offset) = values[parts[1]], offset >= 0
    else { throw failure("a tensor in the pickle is made of something else") }
    let shape = try numbers(parts[2])
    let strides = try numbers(parts[3])
    guard shape.count == strides.count, shape.count <= 64, (shape + strides).allSatisfy({ $0 >= 0 }) else {
      throw failure("the shape of a tensor in the pickle makes no sense")
    }
    var dtype = storage.dtype
    if isTyped, case .global(.dtype(let given)) = values[parts[6]] { dtype = given }
    guard let dtype else { throw failure("a tensor in the pickle has no element type") }
    // Behind it stands what is to be done to the elements: `neg` and `conj`.
    let metadata = isTyped ? 7 : 6
    if parts.count > metadata, case .dictionary(let entries) = values[parts[metadata]], !entries.isEmpty {
      throw PickleFailure(
        offset: position,
        reason: "a tensor in it is a negated or conjugated view, which is not read; save a copy of it",
        isRefusal: true)
    }
    return PyTorchTensor(storage: storage, dtype: dtype, offset: offset, shape: shape, strides: strides)
  }

  private func numbers(_ value: Int) throws(PickleFailure) -> [Int] {
    let parts: [Int]
    switch values[value] {
    case .tuple(let found), .list(let found): parts = found
    default: throw failure("the shape of a tensor in the pickle makes no sense")
    }
    var numbers: [Int] = []
    for part in parts {
      guard case .int(let number) = values[part] else {
        throw failure("the shape of a tensor in the pickle makes no sense")
      }
      numbers.append(number)
    }
    return numbers
  }

  /// What a persistent identifier stands for: `("storage", class, key, device, count[, (view, start, count)])`.
  mutating func pushStorage(_ value: Int) throws(PickleFailure) {
    guard case .tuple(let parts) = values[value], parts.count == 5 || parts.count == 6,
      case .string("storage") = values[parts[0]], case .global(.storage(let dtype)) = values[parts[1]],
      case .string(let key) = values[parts[2]], case .int(let count) = values[parts[4]], count >= 0
    else { throw failure("the pickle refers to something outside that is no storage") }
    var storage = PyTorchStorage(key: key, dtype: dtype, count: count)
    if parts.count == 6, case .tuple(let view) = values[parts[5]] {
      guard view.count == 3, case .int(let start) = values[view[1]], case .int(let length) = values[view[2]],
        start >= 0,
        length >= 0, start <= count, length <= count - start
      else { throw failure("a part of a storage in the pickle makes no sense") }
      (storage.start, storage.count) = (start, length)
    }
    push(.storage(storage))
  }

  /// The same in the text of Python's `str`, as protocol 0 has it:
  /// `('storage', <class 'torch.FloatStorage'>, 'KEY', 'cpu', 12, None)`.
  mutating func pushStorage(text: String) throws(PickleFailure) {
    let place = position
    func parts() -> (name: String, key: String, count: Int, view: Range<Int>?)? {
      let start = "('storage', <class '"
      guard text.hasPrefix(start), text.hasSuffix(")") else { return nil }
      let parts = text.dropFirst(start.count).dropLast().split(separator: ",", omittingEmptySubsequences: false)
        .map { $0.drop { $0 == " " } }
      func quoted(_ part: Substring) -> String? {
        part.count >= 2 && part.first == "'" && part.last == "'" ? String(part.dropFirst().dropLast()) : nil
      }
      func number(_ part: Substring) -> Int? {
        Int(part.last == "L" ? part.dropLast() : part).flatMap { $0 >= 0 ? $0 : nil }
      }
      guard parts.count >= 4, parts[0].hasSuffix("'>"), let key = quoted(parts[1]), quoted(parts[2]) != nil,
        let count = number(parts[3])
      else { return nil }
      let name = String(parts[0].dropLast(2))
      if parts.count == 4 || (parts.count == 5 && parts[4] == "None") { return (name, key, count, nil) }
      guard parts.count == 7, parts[4].hasPrefix("("), quoted(parts[4].dropFirst()) != nil, parts[6].hasSuffix(")"),
        let first = number(parts[5]), let length = number(parts[6].dropLast()), first <= count, length <= count - first
      else { return nil }
      return (name, key, count, first..<first + length)
    }
    guard let (name, key, count, view) = parts(), let dot = name.lastIndex(of: ".") else {
      throw failure("the pickle refers to something outside that is no storage")
    }
    try pushGlobal(module: String(name[..<dot]), name: String(name[name.index(after: dot)...]), at: place)
    guard case .global(.storage(let dtype)) = values[try pop()] else {
      throw failure("the pickle refers to something outside that is no storage")
    }
    var storage = PyTorchStorage(key: key, dtype: dtype, count: count)
    if let view { (storage.start, storage.count) = (view.lowerBound, view.count) }
    push(.storage(storage))
  }
}
