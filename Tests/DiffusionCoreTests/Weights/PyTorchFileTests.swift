// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Foundation
import TestSupport
import Testing

@Suite struct PyTorchFileTests {
  private static let folder = (Bundle.module.resourcePath ?? "") + "/Golden/pytorch"

  private func open(_ name: String) throws -> PyTorchFile { try PyTorchFile(path: "\(Self.folder)/\(name)") }

  private static let expected: [(key: String, dtype: SafetensorsDType, shape: [Int], values: [Float])] = [
    ("a.weight", .f32, [3, 4], (1...12).map(Float.init)),
    ("a.bias", .f16, [3], [50, 51, 52]),
    ("b.weight", .bf16, [2, 5], (20...29).map(Float.init)),
    ("view.part", .f32, [2, 3], (110...115).map(Float.init)),
    ("view.turned", .f32, [3, 2], [100, 103, 101, 104, 102, 105]),
    ("view.second", .f32, [5], [120, 122, 124, 126, 128]),
    ("view.last", .f32, [1, 2, 2, 3], (3...14).map(Float.init)),
    ("empty", .f32, [0, 4], []),
    ("parameter", .f32, [2], [9, 10]),
  ]

  @Test(arguments: ["plain.pt", "legacy.pth", "training.ckpt", "training-legacy.ckpt"])
  func tensorsAreReadAsPyTorchSavedThem(name: String) throws {
    let file = try open(name)
    #expect(file.keys.count == 12)
    for (key, dtype, shape, values) in Self.expected {
      let entry = try #require(file[key], "\(key)")
      #expect(entry.dtype == dtype && entry.shape == shape && entry.elementCount == values.count, "\(key)")
      #expect(try file.floats(of: key) == values, "\(key)")
    }
    #expect(file["c.double"]?.dtype == .f64)
    try file.withBytes(of: "c.double") { bytes in
      #expect((0..<4).map { bytes.loadUnaligned(fromByteOffset: 8 * $0, as: Double.self) } == [7, 8, 9, 10])
    }
    #expect(file["d.count"]?.shape == [])
    try file.withBytes(of: "d.count") { #expect($0.loadUnaligned(as: Int64.self) == 12) }
    try file.withBytes(of: "e.flags") { #expect(Array($0) == [1, 0, 1]) }
  }

  @Test func whatIsNoWeightIsLeftOut() throws {
    #expect(try open("plain.pt").leftOut.isEmpty)
    let expected = [
      "callbacks", "epoch", "global_step", "lr_schedulers", "optimizer_states", "pytorch-lightning_version",
    ]
    #expect(try open("training.ckpt").leftOut == expected)
    let nested = try open("nested.pt")
    #expect(nested.keys == ["model.x"])
    #expect(nested.leftOut == ["optimizer", "step"])
  }

  @Test func filesAreToldApartByTheirContent() throws {
    #expect(try WeightFiles.open("\(Self.folder)/plain.pt") is PyTorchFile)
    #expect(try WeightFiles.open("\(Self.folder)/legacy.pth") is PyTorchFile)
    let folder = try TemporaryFolder()
    let path = folder.path + "/model.ckpt"
    try SafetensorsWriter(path: path, tensors: []).finish()
    #expect(try WeightFiles.open(path) is SafetensorsFile)
  }

  /// Both forms in a source, beside safetensors, and renamed as any file.
  @Test func theyAreWeightsLikeAnyOther() throws {
    var source = WeightSource(try open("plain.pt"), renaming: KeyRenaming([.init("a.", "first.")]))
    source.append(try open("nested.pt"))
    #expect(try source.floats(of: "first.bias") == [50, 51, 52])
    #expect(try source.floats(of: "model.x") == [1, 2])
  }

  /// What a program has noted on a tensor is no weight.
  @Test(arguments: ["attributes.pt", "attributes-legacy.pth"]) func attributesAreLeftOut(name: String) throws {
    let file = try open(name)
    #expect(file.keys == ["a.bias", "a.weight"])
    #expect(try file.floats(of: "a.weight") == [1, 2, 3, 4, 5, 6])
    #expect(try file.floats(of: "a.bias") == [50, 51, 52])
  }

  /// PyTorch never reads along a dimension of one element, nor anything of an empty tensor.
  @Test func oddStridesAndShapesAreNoTrap() throws {
    let strided = try open("odd-strides.pt")
    #expect(strided["a.weight"]?.shape == [2, 1, 2])
    #expect(try strided.floats(of: "a.weight") == [1, 4, 6, 9])
    let empty = try open("odd-empty.pt")
    #expect(empty["a.weight"]?.shape == [0, 1 << 40, 1 << 40])
    #expect(try empty.floats(of: "a.weight") == [])
  }

  @Test(arguments: ["protocol0.pt", "protocol1.pt", "protocol0.pth", "protocol1.pth"])
  func theFirstProtocolsAreRead(name: String) throws {
    let path = "\(Self.folder)/\(name)"
    let file = try #require(try WeightFiles.open(path) as? PyTorchFile)
    #expect(file.keys == ["a.weight", "b.\u{E9}\u{4E00}\\n"])
    #expect(try file.floats(of: "a.weight") == [1, 2, 3, 4, 5, 6])
    #expect(file["a.weight"]?.shape == [2, 3])
    #expect(try file.floats(of: file.keys[1]) == [7, 8])
    #expect(file.leftOut == ["done", "epoch"])
  }

  /// As bytes of a pickle: what a reference to a storage may say.
  @Test func textsThatAreNoStorageAreRefused() throws {
    func reason(_ reference: String) -> String {
      let owned = OwnedFile(
        Array("(dS'a'\nctorch._utils\n_rebuild_tensor_v2\n(P\(reference)\nI0\n(I1\nt(I1\ntI00\nNtRs.".utf8))
      // Behind the number and the facts that such a file begins with.
      let head = Array("L119547037146038801333356L\n.I1001\n.(d.".utf8)
      let whole = OwnedFile(head + owned.bytes + Array("(lS'7'\na.".utf8) + [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x3F])
      do {
        let file = try PyTorchFile(bytes: whole.bytes, name: "text", owner: whole)
        return "\((try? file.floats(of: "a")) ?? [])"
      } catch { return "\(error)" }
    }
    #expect(reason("('storage', <class 'torch.FloatStorage'>, '7', 'cpu', 1, None)") == "[1.0]")
    #expect(reason("('storage', <class 'torch.FloatStorage'>, '7', 'cpu', 1L, ('8', 0, 1))") == "[1.0]")
    #expect(reason("('storage', <class 'posix.system'>, '7', 'cpu', 1, None)").contains("posix.system"))
    for other in [
      "", "('storage', <class 'torch.FloatStorage'>, '7', 'cpu', -1, None)",
      "('storage', <class 'torch.float32'>, '7', 'cpu', 1)",
      "('module', <class 'torch.FloatStorage'>, '7', 'cpu', 1, None)",
      "('storage', <class 'torch'>, '7', 'cpu', 1, None)",
      "('storage', <class 'torch.FloatStorage'>, 7, 'cpu', 1, None)",
      "('storage', <class 'torch.FloatStorage'>, '7', 'cpu', 1, ('8', 1, 9))",
      "('storage', <class 'torch.FloatStorage'>)",
    ] {
      #expect(reason(other).contains("outside that is no storage"), "\(other): \(reason(other))")
    }
  }

  @Test(arguments: ["expanded.pt", "expanded-legacy.pth"]) func repeatedElementsAreRead(name: String) throws {
    let file = try open(name)
    #expect(try file.floats(of: "one") == [5, 5, 5, 5, 5, 5])
    #expect(try file.floats(of: "rows") == [1, 2, 3, 1, 2, 3])
    #expect(try file.floats(of: "columns") == [1, 1, 1, 2, 2, 2])
    #expect(try file.floats(of: "window") == [1, 2, 2, 3, 3, 4])
    #expect(file["window"]?.shape == [3, 2] && file.dataByteCount == 24 * 4)
  }

  /// A few bytes can ask for any amount of memory; alone or together.
  @Test(arguments: [("hostile-expanded.pt", "\"a\""), ("hostile-expanded-many.pt", "\"2\"")])
  func repetitionsWithoutEndAreRefused(name: String, key: String) throws {
    #expect { try open(name) } throws: { error in
      guard case .refusedPickle(_, let reason) = error as? WeightError else { return false }
      return reason.contains(key) && reason.contains("more than 256 MiB") && reason.contains("clone()")
    }
  }

  @Test func numberedEntriesHaveNames() throws {
    let file = try open("optimizer.pt")
    let names = ["exp_avg", "exp_avg_sq", "step"]
    #expect(file.keys == (0...1).flatMap { number in names.map { "state.\(number).\($0)" } })
    #expect(file["state.1.exp_avg"]?.shape == [2])
    // Beside weights it is left out, whatever it is called.
    let numbered = try open("numbered.pt")
    #expect(numbered.keys == ["7", "net.x"] && numbered.leftOut == ["adam"])
    #expect(try numbered.floats(of: "7") == [3, 4])
  }

  @Test(arguments: [
    ("quantized", "is quantised; save its dequantize()"), ("channels", "is quantised"),
    ("sparse", "is sparse; save its to_dense()"),
    ("csr", "is sparse"), ("nested", "is a nested tensor"), ("meta", "is a meta tensor"),
  ])
  func tensorsOfOtherKindsAreRefusedByName(name: String, words: String) throws {
    #expect { try open("other-\(name).pt") } throws: { error in
      guard case .refusedPickle(_, let reason) = error as? WeightError else { return false }
      return reason.hasPrefix("\"a.weight\" \(words)")
    }
    // Where they are no weights, they are in nobody's way.
    #expect(try open("other-apart.pth").floats(of: "b") == [1, 2])
  }

  @Test(arguments: [
    ("hostile-system.pt", "posix.system"), ("hostile-eval.pt", "builtins.eval"),
    ("hostile-module.pt", "torch.nn.modules.linear.Linear"), ("hostile-pickle.pt", "PyTorch did not write"),
    ("hostile-script.pt", "TorchScript"), ("hostile-compressed.pt", "compressed"),
    ("hostile-class.pt", "__main__.Marked"), ("negated.pt", "negated or conjugated"),
    ("negated-legacy.pth", "negated or conjugated"),
  ])
  func programsAreRefusedByWhatTheyName(name: String, words: String) throws {
    #expect { try open(name) } throws: { error in
      guard case .refusedPickle(let file, let reason) = error as? WeightError else { return false }
      return file.hasSuffix(name)
        && (reason.contains(words) || reason.contains(words.replacing("builtins", with: "__builtin__")))
    }
    #expect(!FileManager.default.fileExists(atPath: "/tmp/irodori-was-run"))
  }

  @Test(arguments: [
    ("hostile-shape.pt", "outside of its storage"), ("hostile-large.pt", "impossible shape"),
    ("hostile-strides.pt", "outside of its storage"),
    ("hostile-cut.pt", "missing"), ("hostile-cut.pth", "the file ends"),
  ])
  func sizesThatDoNotFitAreRefused(name: String, words: String) throws {
    #expect { try open(name) } throws: { error in
      guard case .damagedPickle(_, _, let reason) = error as? WeightError else { return false }
      return reason.contains(words)
    }
  }

  /// No byte that is changed makes the reading trap.
  @Test(arguments: ["plain.pt", "legacy.pth", "training.ckpt"])
  func damagedFilesAreReadOrRefused(name: String) throws {
    let data = [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(Self.folder)/\(name)")))
    // The list of tensors, wherever it is: most of the rest is zeros and names.
    let start = Data(data).range(of: Data([0x80, 2]))?.lowerBound ?? 0
    var random = SmallRandom(seed: 3)
    for _ in 0..<400 {
      var damaged = data
      for _ in 0...random.next(3) {
        damaged[start + random.next(min(2600, data.count - start))] = UInt8(random.next(256))
      }
      let owned = OwnedFile(damaged)
      guard let file = try? PyTorchFile(bytes: owned.bytes, name: "damaged", owner: owned) else { continue }
      for key in file.keys { _ = try file.bytes(of: key) }
    }
  }

  /// Instructions that nest, repeat and refer to themselves cost no more than their length.
  @Test func picklesWithoutEndAreBounded() throws {
    func refuse(_ pickle: [UInt8]) {
      let owned = OwnedFile(pickle)
      #expect(throws: WeightError.self) { try PyTorchFile(bytes: owned.bytes, name: "pickle", owner: owned) }
    }
    // 200,000 tuples, each around the one before.
    refuse([0x80, 2, 0x29] + [UInt8](repeating: 0x85, count: 200_000) + [0x2E])
    // A list that holds itself, and lists in lists.
    refuse([0x80, 2, 0x5D, 0x71, 0, 0x68, 0, 0x61, 0x2E])
    refuse([0x80, 2] + [UInt8](repeating: 0x5D, count: 100_000) + [UInt8](repeating: 0x61, count: 99_999) + [0x2E])
    // Text of a length that no file has; marks without ends; more taken than made.
    refuse([0x80, 4, 0x8D] + [UInt8](repeating: 0xFF, count: 8) + [0x2E])
    refuse([0x80, 2] + [UInt8](repeating: 0x28, count: 1000) + [0x2E])
    refuse([0x80, 2, 0x87, 0x2E])
    refuse([0x80, 2, 0x28, 0x30, 0x30, 0x2E])
  }
}

/// A file's content in memory that stays in place.
private final class OwnedFile {
  let bytes: UnsafeRawBufferPointer

  init(_ content: [UInt8]) {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: content.count, alignment: 16)
    copy.copyBytes(from: content)
    bytes = UnsafeRawBufferPointer(copy)
  }

  deinit { bytes.deallocate() }
}

/// A plain linear congruential generator: the same numbers on every run.
private struct SmallRandom {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next(_ count: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int((state >> 33) % UInt64(count))
  }
}
