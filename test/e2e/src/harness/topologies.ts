/** The shapes in which every scenario runs. */
export interface Topology {
  readonly name: string;
  readonly transport: "direct" | "grpc";
  /** In-process messages go through their binary form and are frozen: what would break on a wire breaks here. */
  readonly verify: boolean;
}

const direct: Topology = { name: "one process", transport: "direct", verify: false };
const verified: Topology = { name: "one process, messages verified", transport: "direct", verify: true };
const loopback: Topology = { name: "one process, services over loopback gRPC", transport: "grpc", verify: false };

/** For scenarios about what travels between services. */
export const allTopologies: readonly Topology[] = [direct, verified, loopback];

/** For scenarios about behaviour under load or in time, where verification would only cost both. */
export const topologies: readonly Topology[] = [direct, loopback];
