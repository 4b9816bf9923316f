// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Colorize
import DiffusionCore

/// The file of a network that finds lines.
struct ExtractorOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Find the sketch's lines with the network in this file (netG.pth, erika.pth, model.pth, sk_model.pth, or "
        + "safetensors), in place of --prepare extract without one. See Docs/Inputs.md.", valueName: "file"))
  var extractor: String?

  /// What is done to the sketch: a network that is given is used.
  func preparation(_ choice: PreparationChoice) throws -> SketchPreparation {
    guard extractor != nil else { return choice.preparation }
    guard choice == .auto || choice == .extract else {
      throw ToolError.usage(
        "--extractor finds lines as --prepare extract does, and --prepare is \(choice.rawValue); leave one out")
    }
    return .extracted
  }

  /// Opens and checks the file.
  func open(on backend: any Backend) async throws -> LineExtractor? {
    guard let extractor else { return nil }
    let file = try NetworkFile(option: "--extractor", extractor)
    guard case .lineExtraction = file.content else {
      throw file.refusal("--extractor", wanted: "a network that finds lines")
    }
    return try await LineExtractor(file, backend: backend)
  }
}

/// The files of networks that find figures.
struct SegmenterOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Find masks that are not given with anime IS-Net, from this file (isnetis.safetensors), as --masks auto does "
        + "without one.", valueName: "file"))
  var segmenter: String?

  @Option(
    help: ArgumentHelp(
      "Another file of it for drawings (sketch-segment.safetensors). (default: that of --segmenter)", valueName: "file")
  )
  var sketchSegmenter: String?

  @Option(
    help: ArgumentHelp(
      "What IS-Net sees of a coloured picture: its negative on white, as the published application gives it, or the "
        + "positive on black, as anime-segmentation does.", valueName: "name"))
  var segmenterInput: FigureSegmenter.Input = .negative

  /// Whether any is given.
  var isGiven: Bool { segmenter != nil || sketchSegmenter != nil }

  /// Opens and checks the files; one that serves both kinds is opened once.
  func open(on backend: any Backend) async throws -> Segmenters {
    func open(_ option: String, _ path: String?) async throws -> FigureSegmenter? {
      guard let path else { return nil }
      let file = try NetworkFile(option: option, path)
      guard file.content == .figureSegmentation else { throw file.refusal(option, wanted: "anime IS-Net") }
      return try await FigureSegmenter(file, input: segmenterInput, backend: backend)
    }
    let picture = try await open("--segmenter", segmenter)
    let drawing = try await open("--sketch-segmenter", sketchSegmenter == segmenter ? nil : sketchSegmenter)
    return Segmenters(picture: picture, drawing: drawing ?? picture)
  }
}

/// What finds figures in pictures and in drawings; nil where no network does.
struct Segmenters {
  var picture: FigureSegmenter?
  var drawing: FigureSegmenter?
}

extension FigureSegmenter.Input: ExpressibleByArgument {}

/// What a picture is taken for.
enum SubjectChoice: String, ExpressibleByArgument, CaseIterable {
  case auto, picture, drawing

  var subject: FigureSegmenter.Subject? { FigureSegmenter.Subject(rawValue: rawValue) }
}

extension NetworkFile {
  /// Opens the file that an option names; one that is missing is a fault of the command line.
  init(option: String, _ path: String) throws {
    do {
      try self.init(path)
    } catch WeightError.fileMissing(let file) {
      // As with every other input that is not there.
      throw ToolError.usage("\(option) \(WeightError.fileMissing(file: file))")
    } catch {
      throw ToolError(ExitStatus(error.category), "\(option) \(error.description)")
    }
  }

  /// What the file is, and where it belongs.
  func refusal(_ option: String, wanted: String) -> ToolError {
    let place: String? =
      switch content {
      case .lineExtraction: "give it with --extractor"
      case .figureSegmentation: "give it with --segmenter"
      case .other: nil
      }
    let advice = place ?? "give a file of \(wanted)"
    return ToolError(.unusableModel, "\(option) \(path): it holds \(content.description); \(advice)")
  }
}
