// SPDX-License-Identifier: Apache-2.0

import Colorize
import DiffusionCore
import Foundation

/// A whole picture through the Colorize API, by stage: full mode with guidance by the reference.
///
/// Nothing is warmed up, and loading is a row of its own: this is what a user waits for.
func measureJob(_ bench: Bench) async throws {
  let settings = bench.settings
  let (path, isTemporary) = checkpointPath(settings)
  defer { if isTemporary { try? FileManager.default.removeItem(atPath: path) } }
  let model: Model
  if settings.weightsInMemory {
    let file = try RandomCheckpoint.inMemory(bench.configuration, dtype: settings.weights)
    model = Model(name: "random", weights: WeightSource(file), configuration: bench.configuration)
  } else {
    if !FileManager.default.fileExists(atPath: path) {
      bench.console.say("  writing random weights to \(path)")
      try RandomCheckpoint.write(bench.configuration, dtype: settings.weights, to: path)
    }
    model = try Model.load(path, configuration: .given(bench.configuration))
  }
  let request = try jobRequest(settings)
  let work = try await countedWork(model, request, bench)

  bench.beginMemory()
  let clock = ContinuousClock()
  let start = clock.now
  let colorizer = try await Colorizer(model: model, backend: bench.backend)
  let loading = (clock.now - start) / .seconds(1)
  bench.add(row("loading the checkpoint", [loading], [], bench.limits, bench.endMemory()))

  let peerWork = PeerWork("job", ["size": settings.pixels, "steps": settings.jobSteps])
  let prepared = try bench.peer?.prepare(peerWork)
  var (ours, theirs): ([[String: Double]], [[String: Double]]) = ([], [])
  let stages = StageClock(backend: bench.backend)
  for _ in 0..<(settings.runs ?? 1) {
    let start = clock.now
    _ = try await colorizer.colorize(request) { event in
      if case .stage(let stage) = event { stages.begin(stage.rawValue) }
    }
    var seconds = stages.end()
    seconds[whole] = (clock.now - start) / .seconds(1)
    ours.append(seconds)
    if prepared != nil, let turn = try bench.peer?.turn(repeats: 1) {
      theirs.append((turn.stages ?? [:]).merging([whole: turn.seconds]) { $1 })
    }
  }
  let steps = settings.jobSteps == 1 ? "1 step" : "\(settings.jobSteps) steps"
  for stage in ColorizeEvent.Stage.allCases.map(\.rawValue) + [whole] {
    let records = stage == whole ? work : work.filter { $0.section == stage }
    let known = ColorizeEvent.Stage(rawValue: stage)
    let name = known == .sampling ? "\(stage), \(steps), batch 2 split" : known?.description ?? stage
    var line = row(name, ours.compactMap { $0[stage] }, records, bench.limits, stages.peak(of: stage))
    let others = theirs.compactMap { $0[stage] }
    if !others.isEmpty {
      line.peer = Times(seconds: others)
      line.peerLayout = prepared?.layout
    }
    bench.add(line)
  }
}

private let whole = "the whole job"

private func row(
  _ name: String, _ seconds: [Double], _ records: [CallRecord], _ limits: MachineLimits, _ peak: Double
) -> Row {
  Row(
    name: name, ours: Times(seconds: seconds), gigaflop: records.gigaflop, gigabytes: records.gigabytes,
    floorMilliseconds: records.floor(limits) * 1000, peakResidentGiB: peak)
}

func checkpointPath(_ settings: Settings) -> (path: String, isTemporary: Bool) {
  if let model = settings.model { return (model, false) }
  let folder = FileManager.default.temporaryDirectory
  return (folder.appendingPathComponent("irodori-benchmark-\(UUID().uuidString).safetensors").path, true)
}

/// What a job has to do: the same request on a backend that computes nothing.
private func countedWork(_ model: Model, _ request: ColorizeRequest, _ bench: Bench) async throws -> [CallRecord] {
  let counter = bench.counter
  let colorizer = try await Colorizer(model: model, backend: counter)
  _ = try counter.takeRecords()
  _ = try await colorizer.colorize(request) { event in
    if case .stage(let stage) = event { counter.begin(stage.rawValue) }
  }
  return try counter.takeRecords()
}

/// A drawing of lines, a reference of gradients, and the left halves as their figures.
private func jobRequest(_ settings: Settings) throws -> ColorizeRequest {
  let size = settings.pixels
  let places = (0..<size * size).map { (x: $0 % size, y: $0 / size) }
  let sketch = try Image(
    width: size, height: size, channels: 1, pixels: places.map { ($0.x + $0.y) % 37 < 2 || $0.x % 64 == 0 ? 0 : 255 })
  let reference = try Image(
    width: size, height: size, channels: 3,
    pixels: places.flatMap { [UInt8($0.x * 255 / size), UInt8($0.y * 255 / size), 128] })
  let mask = try Mask(width: size, height: size, values: places.map { $0.x < size / 2 ? 1 : 0 })
  var request = ColorizeRequest(sketch: sketch, reference: reference)
  request.polarity = .darkOnLight
  request.mode = .full
  request.sketchMask = mask
  request.referenceMask = mask
  request.size = size
  request.steps = settings.jobSteps
  // One evaluation of the network a step, and a scale above 1, so that each has two rows.
  request.sampler = .dpmpp2M
  request.guidance = Guidance(reference: 4)
  return request
}
