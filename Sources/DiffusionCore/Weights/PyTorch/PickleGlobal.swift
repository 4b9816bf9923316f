// SPDX-License-Identifier: Apache-2.0

/// What a pickle may name, and what that stands for here. Nothing that is named is ever called.
///
/// A pickle is a program: it names functions and has them called. A checkpoint of weights needs few of them, and those are
/// replaced by code of this library that does the same for the plain values at hand. Things that training programs keep
/// beside the weights, such as their counters, become one value without content. Everything else is refused by its name.
enum PickleGlobal {
  /// `torch._utils._rebuild_tensor` and its successors: a tensor of a storage, an offset, a shape and strides.
  case tensor
  /// The same, with the element type as the seventh argument.
  case typedTensor
  /// `torch._tensor._rebuild_from_type_v2`: a tensor that has attributes, made by one of the two above.
  case tensorOfClass
  /// The class of plain tensors.
  case tensorClass
  /// `torch._utils._rebuild_parameter`: its first argument.
  case firstArgument
  /// A class of storages, of one element type; nil for bytes of any.
  case storage(SafetensorsDType?)
  /// An element type, such as `torch.float32`.
  case dtype(SafetensorsDType)
  /// A dictionary of some kind.
  case dictionary
  /// What makes tensors of a kind that is not read: sparse, quantised. The words say so of one of them, and what to do.
  case otherTensor(String)
  /// Something that is passed over, whatever it is made of.
  case passedOver

  /// Whether calling it with a storage and a shape gives a tensor.
  var makesTensor: Bool {
    switch self {
    case .tensor, .typedTensor: true
    default: false
    }
  }

  /// - Returns: nil for a name that is refused.
  init?(module: String, name: String) {
    guard let found = Self.known["\(module).\(name)"] ?? Self.family(module) else { return nil }
    self = found
  }

  private static let known: [String: PickleGlobal] = {
    var known: [String: PickleGlobal] = [
      "torch._utils._rebuild_tensor": .tensor, "torch._utils._rebuild_tensor_v2": .tensor,
      "torch._utils._rebuild_tensor_v3": .typedTensor,
      "torch._tensor._rebuild_from_type_v2": .tensorOfClass, "torch.Tensor": .tensorClass,
      "torch._utils._rebuild_parameter": .firstArgument,
      "torch._utils._rebuild_parameter_with_state": .firstArgument,
      "torch.nn.parameter.Parameter": .firstArgument, "torch.Size": .firstArgument,
      "torch.storage.UntypedStorage": .storage(nil), "torch.UntypedStorage": .storage(nil),
      "collections.OrderedDict": .dictionary, "collections.defaultdict": .dictionary,
      "collections.Counter": .dictionary, "builtins.dict": .dictionary, "__builtin__.dict": .dictionary,
    ]
    let storages: [String: SafetensorsDType] = [
      "Float": .f32, "Double": .f64, "Half": .f16, "BFloat16": .bf16, "Long": .i64, "Int": .i32, "Short": .i16,
      "Char": .i8, "Byte": .u8, "Bool": .bool, "ComplexFloat": .c64,
      // Of quantised tensors, which are not read; but what follows their storages is.
      "QInt8": .i8, "QUInt8": .u8, "QInt32": .i32,
    ]
    for (name, dtype) in storages { known["torch.\(name)Storage"] = .storage(dtype) }
    let dtypes: [String: SafetensorsDType] = [
      "float32": .f32, "float64": .f64, "float16": .f16, "bfloat16": .bf16, "int64": .i64, "int32": .i32,
      "int16": .i16, "int8": .i8, "uint8": .u8, "uint16": .u16, "uint32": .u32, "uint64": .u64, "bool": .bool,
      "complex64": .c64, "float8_e4m3fn": .f8e4m3, "float8_e5m2": .f8e5m2, "float8_e4m3fnuz": .f8e4m3fnuz,
      "float8_e5m2fnuz": .f8e5m2fnuz, "float8_e8m0fnu": .f8e8m0,
    ]
    for (name, dtype) in dtypes { known["torch.\(name)"] = .dtype(dtype) }
    let others = [
      "sparse_tensor": "is sparse; save its to_dense()", "sparse_csr_tensor": "is sparse; save its to_dense()",
      "nested_tensor": "is a nested tensor; save its parts one by one",
      "qtensor": "is quantised; save its dequantize()",
      "meta_tensor_no_storage": "is a meta tensor, which has a shape and no numbers; save the weights themselves",
    ]
    for (name, words) in others { known["torch._utils._rebuild_\(name)"] = .otherTensor(words) }
    for name in ["per_tensor_affine", "per_tensor_symmetric", "per_channel_affine", "per_channel_symmetric"] {
      known["torch.\(name)"] = .passedOver
    }
    known["torch.per_channel_affine_float_qparams"] = .passedOver
    for module in ["builtins", "__builtin__"] {
      for name in ["set", "frozenset", "list", "tuple", "int", "float", "bool", "str", "bytes", "complex", "object"] {
        known["\(module).\(name)"] = .passedOver
      }
    }
    for module in ["numpy.core.multiarray", "numpy._core.multiarray"] {
      known["\(module).scalar"] = .passedOver
      known["\(module)._reconstruct"] = .passedOver
    }
    for name in [
      "numpy.dtype", "numpy.ndarray", "_codecs.encode", "copy_reg._reconstructor", "copyreg._reconstructor",
      "argparse.Namespace", "pathlib.PosixPath", "pathlib.WindowsPath", "pathlib.Path", "typing.Any", "torch.device",
      "torch.serialization._get_layout", "datetime.datetime", "datetime.timedelta",
    ] {
      known[name] = .passedOver
    }
    return known
  }()

  /// What training frameworks leave in their checkpoints: classes that only their own programs know.
  private static func family(_ module: String) -> PickleGlobal? {
    let families = ["pytorch_lightning", "lightning", "lightning_fabric", "omegaconf"]
    return families.contains(module.prefix { $0 != "." }.description) ? .passedOver : nil
  }
}
