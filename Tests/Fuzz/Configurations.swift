// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import Foundation
import Shots

/// Targets for texts that users give: what is accepted goes as far as the program would go with it before it computes
/// anything.
enum ConfigurationTargets {
  typealias Target = @Sendable (UnsafeBufferPointer<UInt8>) -> Void

  static let all: [String: Target] = [
    "configuration": configuration, "index": index, "regions": regions, "options": options, "sheet": sheet,
  ]

  /// `config.json` of a model: read and checked, all keys and shapes of its network listed, and its job of one picture
  /// counted on a backend that computes nothing.
  private static let configuration: Target = { input in
    guard let sizes = try? Model.decodeConfiguration(Data(input), path: "fuzz") else { return }
    guard blocks(of: sizes) <= 256, let parameters = try? ColorizationNetwork.parameters(of: sizes) else { return }
    precondition(!parameters.isEmpty && parameters.allSatisfy { $0.shape.elementCount > 0 })
    guard blocks(of: sizes) <= 16 else { return }
    var request = ColorizeRequest(sketch: picture, reference: picture, sampling: sizes.sampling, finish: sizes.finish)
    request.size = max(64, sizes.sizeMultiple)
    let model = Model(name: "fuzz", weights: WeightSource(), configuration: sizes)
    _ = try? model.memoryEstimate(for: request, backend: backend)
  }

  /// Networks of so many layers that listing or counting them takes long are left out: a user may have them.
  private static func blocks(of sizes: ModelConfiguration) -> Int {
    let unet = sizes.unet
    let blocks = unet.levels.reduce(0) { $0 + (1 + $1.transformerDepth) * (2 * unet.residualBlocks + 1) }
    return blocks + unet.middleDepth + sizes.imageEncoder.layers + (sizes.recovery?.layers ?? 0)
  }

  /// `model.safetensors.index.json`.
  private static let index: Target = { input in
    guard let names = try? CheckpointPaths.shardNames(in: Data(input), index: "fuzz") else { return }
    precondition(!names.isEmpty && !names.contains { $0.hasPrefix("/") || $0.split(separator: "/").contains("..") })
  }

  /// The JSON beside a region map; flats that it makes are written again.
  private static let regions: Target = { input in
    guard let flats = try? Flats(map: map, json: Array(input)) else { return }
    guard let json = try? flats.jsonData(), let again = try? Flats(map: map, json: json) else {
      fatalError("flats that were read cannot be written")
    }
    precondition(again.paints.map(\.color) == flats.paints.map(\.color))
    _ = try? flats.pngData()
  }

  /// What a picture that this program made says of itself, and `colorize again` goes by.
  private static let options: Target = { input in
    guard let stored = StoredOptions(parameters: String(decoding: input, as: UTF8.self)) else { return }
    _ = StoredOptions.parts(ofModel: stored.origin.model)
    _ = stored.origin.inputs.withoutFolders
    let request = ColorizeRequest(sketch: picture, reference: .image(picture), settings: stored.settings)
    guard (try? model.validate(request)) != nil else { return }
    precondition((try? JSONEncoder().encode(stored)) != nil)
    if let size = request.size, size > 128 { return }
    _ = try? model.memoryEstimate(for: request, backend: backend)
  }

  /// A shot's sheet: CSV where the first byte is not a bracket.
  private static let sheet: Target = { input in
    guard let text = String(validating: input, as: UTF8.self) else { return }
    let file = input.first == UInt8(ascii: "[") ? "fuzz.json" : "fuzz.csv"
    guard let sheet = try? ShotSheet(text: text, file: file) else { return }
    var frames = [1, 12, 25].map { (number: Int) in
      ShotFrame(
        number: number, label: "\(number)", sketch: "cut/\(number).png", reference: nil, settings: ColorizeSettings(),
        output: "out/\(number).png")
    }
    _ = sheet.unusedEntries(for: frames)
    for place in frames.indices {
      guard (try? sheet.apply(to: &frames[place])) != nil else { continue }
      _ = try? frames[place].settings.validate()
    }
  }

  private static let backend: CPUBackend = {
    guard let backend = try? CPUBackend(threads: 1) else { fatalError("no backend") }
    return backend
  }()
  /// A network of few layers, whose jobs are counted in a moment.
  private static let model: Model = {
    let text = """
      {"unet": {"in_channels": 4, "out_channels": 4, "model_channels": 8, "channel_mult": [1, 1], "num_res_blocks": 1,
      "attention_resolutions": [1], "num_heads": 2, "context_dim": 8}, "norm_groups": 2, "scale_factor": 1,
      "vae": {"ch": 4, "ch_mult": [1, 1, 1, 1], "num_res_blocks": 1, "z_channels": 4},
      "clip": {"image_size": 16, "patch": 8, "width": 8, "layers": 1, "heads": 1, "output_dim": 8},
      "sketch": {"in_ch": 3, "model_channels": 8, "ch_mults": [1, 1]}, "image_size": 64}
      """
    guard let sizes = try? Model.decodeConfiguration(Data(text.utf8), path: "tiny") else { fatalError("no model") }
    return Model(name: "tiny", weights: WeightSource(), configuration: sizes)
  }()
  private static let picture: Image = {
    guard let picture = try? Image(width: 64, height: 64, channels: 3, pixels: [UInt8](repeating: 255, count: 12_288))
    else { fatalError("no picture") }
    return picture
  }()
  /// Four regions of 8 x 8 pixels in a square.
  private static let map: [UInt8] = {
    let labels = (0..<256).map { (place: Int) -> UInt32 in
      let (row, column) = (place / 128, place % 16 / 8)
      return UInt32(row * 2 + column)
    }
    guard let png = try? RegionMap(width: 16, height: 16, labels: labels).pngData() else { fatalError("no map") }
    return png
  }()
}
