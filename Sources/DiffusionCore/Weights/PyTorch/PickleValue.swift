// SPDX-License-Identifier: Apache-2.0

/// A value that a pickle describes. Parts are numbers of other values: so a pickle that nests them without end, or into
/// themselves, costs no more than its own length.
enum PickleValue {
  case none
  case bool(Bool)
  case int(Int)
  /// An integer beyond 64 bits: its bytes in the file, the lowest first.
  case largeInt(Range<Int>)
  /// The same in decimal digits.
  case largeDecimal(String)
  case float(Double)
  case string(String)
  case list([Int])
  case tuple([Int])
  case dictionary([(key: Int, value: Int)])
  case global(PickleGlobal)
  case storage(PyTorchStorage)
  case tensor(PyTorchTensor)
  /// A tensor of a kind that is not read: what it is, and what to do.
  case otherTensor(String)
  /// Something of no use here.
  case passedOver
}

/// Memory that tensors share, as a checkpoint names it.
struct PyTorchStorage: Hashable {
  /// Its name in the file.
  var key: String
  /// Nil for bytes of any type.
  var dtype: SafetensorsDType?
  /// Elements, or bytes where there is no type.
  var count: Int
  /// The element that it begins at, where it is a part of another storage of that name, which is the whole.
  var start = 0
}

/// A view into a storage.
struct PyTorchTensor {
  var storage: PyTorchStorage
  var dtype: SafetensorsDType
  /// In elements.
  var offset: Int
  var shape: [Int]
  var strides: [Int]

  /// Whether the elements, whose number fits in `Int`, lie one after the other in row-major order.
  var isContiguous: Bool {
    // Without this, the products below might be of any size.
    if shape.contains(0) { return true }
    var expected = 1
    for (extent, stride) in zip(shape, strides).reversed() {
      if extent != 1, stride != expected { return false }
      expected *= extent
    }
    return true
  }
}
