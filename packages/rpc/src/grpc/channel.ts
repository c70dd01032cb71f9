import type { Client } from "@grpc/grpc-js";

/** What one call over gRPC needs besides its request. */
export interface GrpcChannel {
  readonly client: Client;
  readonly maxMessageBytes: number;
  closed: boolean;
}

/** The limit for one message where nothing else is said: gRPC's own default. */
export const DEFAULT_MAX_MESSAGE_BYTES = 4 * 1024 * 1024;
