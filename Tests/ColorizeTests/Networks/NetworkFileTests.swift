// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import TestSupport
import Testing

/// Networks from files: what they are, what is wrong with them, and lines of pictures of any size. A small network of
/// pix2pix's kind stands for all.
struct NetworkFileTests {
  let folder: TemporaryFolder
  let recorded: FormulaCases<RecordedExtraction.Case>

  init() throws {
    folder = try TemporaryFolder()
    recorded = try GoldenSet.own.decode(FormulaCases<RecordedExtraction.Case>.self, from: "extractors_cases")
  }

  private func weights(_ group: String) -> FormulaParameters { recorded.parameters(group, on: ShapeOnlyBackend()) }

  /// A file of headers: no network is told by its numbers.
  private func content(_ keys: [(String, [Int])]) throws -> NetworkContent {
    NetworkContent.recognize(
      try SafetensorsFile.inMemory(
        keys.map { ($0.0, $0.1, [Float](repeating: 0, count: $0.1.reduce(1, *))) }, name: "file")
    ).content
  }

  @Test(arguments: ["", "module.", "state_dict.net."]) func everyNetworkIsKnownByItsKeys(prefix: String) throws {
    func known(_ keys: [String]) throws -> NetworkContent { try content(keys.map { (prefix + $0, [1]) }) }
    #expect(try known(["block0.model.0.conv1.model.0.weight"]) == .lineExtraction(.mangaLineExtraction))
    #expect(try known(["downblock_1.1.weight", "last_conv.bias"]) == .lineExtraction(.sketchKeras))
    #expect(
      try known(["model0.1.weight", "model4.1.weight"] + (0..<2).map { "model2.\($0).conv_block.1.weight" })
        == .lineExtraction(.informativeDrawing(blocks: 2)))
    #expect(try known(["conv_in.weight", "stage1.rebnconvin.conv_s1.weight"]) == .figureSegmentation)
    let path = folder.file("small.safetensors")
    try weights("lineart.small").write(to: path, prefix: prefix)
    let file = try NetworkFile(path)
    #expect(file.content == .lineExtraction(.pixToPix(PixToPixConfiguration(widths: [8, 16, 32, 64, 64]))))
    #expect(file.source.keys.contains("model.model.0.weight"))
  }

  @Test func otherFilesAreSaidInWords() throws {
    func words(_ keys: [String]) throws -> String {
      guard case .other(let words) = try content(keys.map { ($0, [1]) }) else { return "known" }
      return words
    }
    #expect(try words(["model.diffusion_model.out.0.weight"]).contains("colorizer"))
    #expect(try words(["stage1.rebnconvin.conv_s1.weight"]).contains("U\u{B2}-Net"))
    #expect(try words(["visual.transformer.resblocks.0.ln_1.weight"]).contains("image encoder"))
    #expect(try words(["a.lora_down.weight", "a.lora_up.weight"]).contains("LoRA"))
    #expect(try words(["layer.weight"]).contains("no network"))
    // The first key of a network in a heap of other keys is no network.
    #expect(
      try words(["x.downblock_1.1.weight"] + (0..<20).map { "y.\($0).weight" }).contains("no network"))
  }

  @Test func extractorsAndSegmentersRefuseEachOther() async throws {
    let path = folder.file("small.safetensors")
    try weights("lineart.small").write(to: path)
    let error = await #expect(throws: ColorizeError.self) { try await FigureSegmenter(path: path) }
    #expect("\(try #require(error))".contains("it holds Anime2Sketch, which finds lines"))
    let other = folder.file("isnet.safetensors")
    let writer = try SafetensorsWriter(
      path: other,
      tensors: ["conv_in.weight", "stage1.rebnconvin.conv_s1.weight"].map { .init(key: $0, dtype: .f32, shape: [1]) })
    for key in ["conv_in.weight", "stage1.rebnconvin.conv_s1.weight"] {
      try [Float(1)].withUnsafeBytes { try writer.write(key, $0) }
    }
    try writer.finish()
    let second = await #expect(throws: ColorizeError.self) { try await LineExtractor(path: other) }
    #expect("\(try #require(second))".contains("it holds anime IS-Net"))
  }

  @Test func everyFaultyKeyIsNamed() async throws {
    let path = folder.file("faulty.safetensors")
    let (removed, bent) = ("model.model.1.model.3.model.5.bias", "model.model.1.model.5.bias")
    try weights("lineart.small").write(
      to: path, keeps: { $0 != removed && $0 != bent }, extra: [bent, "optimizer"])
    let error = await #expect(throws: WeightError.self) { try await LineExtractor(path: path) }
    guard case .mismatch(let report) = try #require(error) else { throw try #require(error) }
    #expect(report.missing.map(\.key) == [removed])
    #expect(report.misshaped.map(\.key) == [bent])
    #expect(report.unexpected.map(\.key) == ["optimizer"])
    #expect(report.hints == [])
  }

  /// PyTorch counts batches in every batch norm; networks of inference have no use for it.
  @Test func countsOfTrainingAreIgnored() throws {
    let path = folder.file("keras.safetensors")
    try weights("keras").write(to: path, extra: ["downblock_1.2.num_batches_tracked"])
    let file = try NetworkFile(path)
    let report = try NetworkContent.check(file.source) { try SketchKeras($0) }
    #expect(report.ignored.map(\.key) == ["downblock_1.2.num_batches_tracked"])
    #expect(throws: WeightError.self) { try NetworkContent.check(file.source) { try MangaLineExtraction($0) } }
  }

  private func extractor() async throws -> LineExtractor {
    let path = folder.file("small.safetensors")
    try weights("lineart.small").write(to: path)
    return try await LineExtractor(path: path)
  }

  private func picture(_ width: Int, _ height: Int, channels: Int = 3) throws -> Image {
    let pixels = (0..<width * height * channels).map { (index: Int) -> UInt8 in
      UInt8((index * 7 + index / 31 * 13) % 256)
    }
    return try Image(width: width, height: height, channels: channels, pixels: pixels)
  }

  @Test(arguments: [(1, 1), (17, 40), (64, 64), (200, 33)]) func picturesOfAnySize(width: Int, height: Int) async throws
  {
    let extractor = try await extractor()
    for channels in [1, 3, 4] {
      let lines = try await extractor.lines(
        of: picture(width, height, channels: channels), width: width, height: height)
      #expect(lines.width == width && lines.height == height && lines.values.count == width * height)
      #expect(lines.values.allSatisfy { (-1...1).contains($0) })
      #expect(lines.network == "Anime2Sketch")
    }
  }

  /// At a size that the network takes, the lines are those of the bare network.
  @Test func linesAreTheNetworks() async throws {
    let extractor = try await extractor()
    let image = try picture(64, 32)
    let lines = try await extractor.lines(of: image, width: 64, height: 32)
    let backend = try CPUBackend()
    let network = try LineExtractionNetwork(
      Parameters(recorded.parameters("lineart.small", on: backend)), architecture: extractor.architecture)
    let bare = try network(Tensor(image.floats(.signed), shape: [1, 32, 64, 3], on: backend)).floats()
    #expect(lines.values == bare.map { -$0 })
    #expect(try extractor.memoryDemand(width: 64, height: 32).peakBytes > 64 * 32 * 4 * 3)
    #expect(lines.image.pixels == lines.values.map { UInt8((($0 * -1 + 1) * 127.5).rounded()) })
  }

  @Test func progressIsToldAndCancellationEndsTheWork() async throws {
    let extractor = try await extractor()
    let image = try picture(64, 64)
    let shares = Locked<[Double]>([])
    _ = try await extractor.lines(of: image, width: 64, height: 64) { share in shares.mutate { $0.append(share) } }
    #expect(shares.value.first == 0 && shares.value.last == 1 && shares.value == shares.value.sorted())
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try await extractor.lines(of: image, width: 64, height: 64)
    }
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  /// Nothing is lighter than its surroundings there, and the published application divides by 0.
  @Test func constantPicturesHaveNoHighPass() throws {
    #expect(HighPass(try Image(width: 40, height: 20, color: [90, 91, 92])).planes == nil)
    let one = try Image(width: 1, height: 1, color: [3])
    #expect(HighPass(one).planes == nil && HighPass(one).blurred == [3])
  }

  @Test func theNetworkThatColorsSeesTheLines() async throws {
    let extractor = try await extractor()
    let model = try Model.embedded()
    var request = ColorizeRequest(sketch: try picture(96, 64), reference: try picture(32, 32))
    request.size = 64
    try await request.extractLines(by: extractor, for: model)
    #expect(request.preparation == .extracted)
    let prepared = try request.preparedSketch(for: model)
    #expect(prepared.report.network == "Anime2Sketch" && prepared.report.steps == [.extractedLines])
    #expect(prepared.image.pixels == request.extractedLines?.image.pixels)
    request.extractedLines = nil
    #expect(try request.preparedSketch(for: model).image.pixels != prepared.image.pixels)
  }
}
