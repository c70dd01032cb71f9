import { connect, createServer, type Socket } from "node:net";

/** A TCP proxy that can fall silent: connections stay open, nothing passes any more. As a lost network looks. */
export interface SilentProxy {
  readonly port: number;
  /** From now on nothing passes in either direction. */
  silence(): void;
  close(): Promise<void>;
}

/** Opens a proxy to a port of this machine. */
export async function openSilentProxy(target: number): Promise<SilentProxy> {
  const sockets = new Set<Socket>();
  let silent = false;
  const relay = (from: Socket, to: Socket) => {
    sockets.add(from);
    from.on("data", (bytes) => {
      if (!silent) to.write(bytes);
    });
    from.on("error", () => {});
    from.on("close", () => {
      if (!silent) to.destroy();
    });
  };
  const server = createServer((inbound) => {
    const outbound = connect(target, "127.0.0.1");
    relay(inbound, outbound);
    relay(outbound, inbound);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    silence: () => {
      silent = true;
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
