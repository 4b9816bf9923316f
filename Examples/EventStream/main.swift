// SPDX-License-Identifier: Apache-2.0

// What an interface shows while a picture is made: a state that changes with the events, and a button that cancels.
import Colorize

/// What is on the screen. An interface binds its views to it.
@MainActor
final class ColoringState {
  private(set) var message = "waiting"
  /// 0...1.
  private(set) var progress = 0.0
  private(set) var preview: Image?
  private(set) var result: ColorizeResult?

  func observe(_ event: ColorizeEvent) {
    switch event {
    case .stage(let stage): message = stage.rawValue
    case .note(let note): message = "\(note)"
    case .step(let completed, let total): progress = Double(completed) / Double(total)
    case .tile(let completed, let total): progress = Double(completed) / Double(total)
    case .preview(_, let image): preview = image
    case .picture(_, let picture, _): preview = picture.image
    case .finished(let result): self.result = result
    }
    print("\(message): \(Int(progress * 100)) %")
  }
}

let colorizer = try await Colorizer()
let state = ColoringState()
var request = colorizer.request(
  sketch: try .load(CommandLine.arguments[1]), reference: .image(try .load(CommandLine.arguments[2])))
request.steps = 4
request.previewInterval = 2

let work = Task { @MainActor in
  for try await event in colorizer.events(for: request) { state.observe(event) }
}
try await work.value
try state.result?.image.write(to: CommandLine.arguments[3])

// Cancelling the task is what a button does; the run ends within a block of the network.
let second = Task { @MainActor in
  for try await event in colorizer.events(for: request) { state.observe(event) }
}
second.cancel()
do {
  try await second.value
} catch is CancellationError {
  print("cancelled")
}
