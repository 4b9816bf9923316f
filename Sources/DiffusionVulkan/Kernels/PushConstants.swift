import DiffusionCore

/// The small arguments of a shader, as words in the order of its push constant block.
struct PushConstants: ExpressibleByArrayLiteral {
  private(set) var words: [UInt32] = []

  init(arrayLiteral elements: Int...) {
    for element in elements { append(element) }
  }

  /// Strides may be negative: they are added modulo 2^32.
  mutating func append(_ value: Int) { words.append(UInt32(truncatingIfNeeded: value)) }
  mutating func append(_ values: [Int]) { for value in values { append(value) } }
  mutating func append(_ value: Float) { words.append(value.bitPattern) }

  /// Values followed by zeros, as many as the shader's array has.
  mutating func append(_ values: [Int], paddedTo count: Int) {
    append(values)
    for _ in values.count..<count { append(0) }
  }
}

/// How many groups of invocations a dispatch starts along each axis.
struct WorkGroups {
  var x: UInt32
  var y: UInt32 = 1
  var z: UInt32 = 1

  /// A number of groups beyond what one axis takes, in rows; the shader counts them through and leaves the rest.
  init(flat count: Int) {
    // 65535 is what every device takes.
    let across = max(1, min(count, 65535))
    x = UInt32(across)
    y = UInt32(max(1, count.dividedRoundingUp(by: across)))
  }

  init(_ x: Int, _ y: Int, _ z: Int = 1) {
    (self.x, self.y, self.z) = (UInt32(x), UInt32(y), UInt32(z))
  }
}
