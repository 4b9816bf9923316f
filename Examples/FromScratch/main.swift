// SPDX-License-Identifier: Apache-2.0

// Trains a model from nothing on a folder of coloured pictures: first the autoencoder, on which all else stands, then
// everything else at once. What the built-in model had been trained with, in a few lines; that took hours, and a folder of a
// thousand pictures.
//
//     FromScratch pictures/ model/ [STEPS] [RESOLUTION]

import Colorize
import ColorizeTraining
import DiffusionCore
import DiffusionTraining
import Foundation

let arguments = CommandLine.arguments
guard arguments.count >= 3 else {
  print("usage: FromScratch PICTURES FOLDER [STEPS] [RESOLUTION]")
  exit(64)
}
let folder = arguments[2]
let steps = arguments.count > 3 ? Int(arguments[3]) ?? 0 : 2000
let resolution = arguments.count > 4 ? Int(arguments[4]) ?? 0 : 128

// A model folder of the built-in model's sizes, which `colorize --model` takes.
let configuration = try Model.embedded().configuration
try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
try FreshWeights.write(configuration, seed: 1, to: "\(folder)/model.safetensors")
try JSONEncoder().encode(configuration).write(to: URL(fileURLWithPath: "\(folder)/config.json"))

let pictures = try TrainingFolder(arguments[1])
let backend = try CPUBackend()
var model = try Model.load(folder)
let stages: [(name: String, parts: Set<TrainedPart>, rate: Double)] = [
  ("autoencoder", [.vae], 5e-4), ("colorizer", Set(TrainedPart.allCases).subtracting([.vae]), 6e-4),
]
for stage in stages {
  let output = "\(folder)/\(stage.name).safetensors"
  var settings = TrainingSettings.suiting(model, parts: stage.parts)
  settings.rate = LearningRate(peak: stage.rate, warmUpStepCount: min(steps / 4, 50))
  // Every noise is to be learned, whatever the model's own sampler asks for.
  settings.times = .uniform
  var plan = TrainingPlan(
    model: model, folder: pictures, output: output, software: "FromScratch", settings: settings, length: .steps(steps))
  plan.resolution = resolution
  plan.validationShare = 0
  var losses: [Double] = []
  _ = try await TrainingRun(plan, on: backend).run { event in
    guard case .step(let report, _) = event else { return }
    losses.append(report.loss)
    print("\(stage.name), step \(report.step + 1): loss \(report.loss)")
  }
  // Samples differ in how hard they are: what the first quarter of the steps and the last one come to.
  let count = max(1, losses.count / 4)
  let (first, last) = (losses.prefix(count).reduce(0, +), losses.suffix(count).reduce(0, +))
  print("\(stage.name): from \(first / Double(count)) to \(last / Double(count))")
  guard last < first else {
    print("the loss of the \(stage.name) does not fall")
    exit(1)
  }
  // The next stage learns on what this one left.
  model = try model.adding([LoRAUse(LoRAFile(path: output), scale: 1)])
}
print("colorize --model \(folder) --lora \(folder)/autoencoder.safetensors --lora \(folder)/colorizer.safetensors ...")
