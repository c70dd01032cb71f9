import { createServer, type Socket } from "node:net";
import { type Server, ServerCredentials } from "@grpc/grpc-js";

/** The port of a gRPC server and the connections to it. */
export interface GrpcListener {
  listen(host: string, port: number): Promise<number>;
  /** Takes no more connections and ends each when nothing is open on it. Resolves when all have ended. */
  close(): Promise<void>;
  /** Cuts all connections now. */
  cut(): void;
}

/**
 * Accepts the connections ourselves and hands them to grpc-js: its own `forceShutdown` forgets to cut them when
 * channelz is off, and then a drain with a peer that fell silent would never end.
 */
export function openListener(server: Server): GrpcListener {
  const sockets = new Set<Socket>();
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const listener = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.on("error", () => {}); // A peer that resets its connection is no fault of ours.
    injector.injectConnection(socket);
  });
  return {
    listen: (host, port) =>
      new Promise((resolve, reject) => {
        listener.once("error", reject);
        listener.listen(port, host, () => {
          listener.off("error", reject);
          const address = listener.address();
          resolve(typeof address === "object" && address !== null ? address.port : port);
        });
      }),
    close: () =>
      new Promise((resolve) => {
        listener.close(() => resolve());
        // Sends the GOAWAYs. Its callback is not waited for: it never comes for a session that is just being destroyed.
        server.tryShutdown(() => {});
      }),
    cut: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}
