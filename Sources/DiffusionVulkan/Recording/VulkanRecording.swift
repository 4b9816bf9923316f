// SPDX-License-Identifier: Apache-2.0

import DiffusionCore
import Synchronization

extension VulkanBackend {
  /// Captures the commands of `body`; see `Backend.record(_:_:)`.
  ///
  /// - Returns: nil if `body` reads back or brings bytes from the host, if another capture goes on, or if the option
  ///   ``Options/replaysRecordings`` is off.
  public func record(_ inputs: [Operand], _ body: ([Operand]) throws -> Operand) throws -> (any Recording)? {
    let arena = MemoryPool(borrowingFrom: memory)
    guard replaysRecordings, try recorder.beginCapture(arena) else { return nil }
    do {
      let fixed = try inputs.map { try scratch($0.shape, $0.dtype) }
      let output = try body(fixed)
      let capture = try recorder.endCapture()
      let recording = VulkanRecording(
        VulkanRecording.Content(capture: capture, inputs: fixed, output: output, recorder: recorder), on: self)
      recordings.withLock { recordings in
        recordings.removeAll { $0.recording == nil }
        recordings.append(WeakRecording(recording: recording))
      }
      return recording
    } catch is Recorder.Uncapturable {
      recorder.abandonCapture()
      return nil
    } catch {
      recorder.abandonCapture()
      throw error
    }
  }
}

/// A captured computation on Vulkan. Runs of it are ordered like any other commands.
final class VulkanRecording: Recording {
  /// What was captured, between its fixed inputs and its output.
  final class Content: @unchecked Sendable {
    // Sendable: used under the recording's lock, and by the recorder under its own.
    let capture: Capture
    let inputs: [Operand]
    let output: Operand
    let recorder: Recorder
    var lastSubmission: UInt64 = 0

    init(capture: Capture, inputs: [Operand], output: Operand, recorder: Recorder) {
      self.capture = capture
      self.inputs = inputs
      self.output = output
      self.recorder = recorder
    }

    // Command buffers and memory must not go while the device uses them.
    deinit { recorder.settle(lastSubmission) }
  }

  private let backend: VulkanBackend
  private let content: Mutex<Content?>

  init(_ content: Content, on backend: VulkanBackend) {
    self.content = Mutex(content)
    self.backend = backend
  }

  func replay(_ inputs: [Operand]) throws -> Operand? {
    // Outside of the lock: to make room, the backend may drop recordings.
    guard let (shape, dtype) = content.withLock({ $0.map { ($0.output.shape, $0.output.dtype) } }) else { return nil }
    let result = try backend.scratch(shape, dtype)
    return try content.withLock { content in
      guard let content else { return nil }
      for (input, fixed) in zip(inputs, content.inputs) { try backend.copy(input, to: fixed) }
      content.lastSubmission = try content.recorder.replay(content.capture)
      try backend.copy(content.output, to: result)
      return result
    }
  }

  /// Gives the memory back; what was recorded must be recorded anew.
  func discard() { content.withLock { $0 = nil } }
}

/// A recording that goes with the last one who wants to replay it.
struct WeakRecording {
  weak var recording: VulkanRecording?
}
