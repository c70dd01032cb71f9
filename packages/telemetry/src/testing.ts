/** Helpers for tests of any package: a collector that remembers what it was sent. */
export { type OtlpReceiver, type ReceivedSpan, startOtlpReceiver } from "./testing/otlp-receiver.ts";
