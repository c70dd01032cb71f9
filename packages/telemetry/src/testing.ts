/** Helpers for tests of any package: a collector that remembers what it was sent, a strict reader of `/metrics`. */
export { type ExposedSample, type Exposition, parseExposition } from "./testing/exposition-parser.ts";
export { type OtlpReceiver, type ReceivedSpan, startOtlpReceiver } from "./testing/otlp-receiver.ts";
