import { join } from "node:path";
import type { PrincipalSigner } from "@agentmesh/rpc";
import { openDatabase } from "@agentmesh/state";
import type { DescService } from "@bufbuild/protobuf";
import { type Client, createClient } from "@connectrpc/connect";
import type { LiveModule } from "./live-module.ts";
import type { ModuleHost } from "./module.ts";
import { ownerOf } from "./process-config.ts";
import type { Resolver } from "./resolver.ts";

/** What all hosts of a process share. */
export interface HostOptions {
  readonly clock: () => number;
  readonly random: () => number;
  readonly dataDirectory: string;
  readonly durability: "normal" | "full";
  readonly resolver: Resolver;
  readonly signer: PrincipalSigner | undefined;
}

/** The host of one module. */
export function createHost(live: LiveModule, options: HostOptions): ModuleHost {
  const { module, telemetry } = live;
  return {
    telemetry,
    clock: options.clock,
    random: options.random,
    dataDirectory: options.dataDirectory,
    engine: "sqlite",
    signer: module.signsPrincipals === true ? options.signer : undefined,
    client: (service) => clientOf(service, live, options.resolver),
    database: async (migrations) => {
      if (live.databases.length > 0) throw new TypeError(`${module.name} opens its database twice`);
      const onStall = (milliseconds: number) =>
        telemetry.logger.warn("the disk is slow: storing a group of writes blocked the process", { milliseconds });
      const file = join(options.dataDirectory, `${module.name}.db`);
      const database = openDatabase({ file, synchronous: options.durability, migrations, onStall });
      live.databases.push(database);
      return database;
    },
  };
}

function clientOf<S extends DescService>(service: S, live: LiveModule, resolver: Resolver): Client<S> {
  const target = ownerOf(service.typeName);
  if (!live.module.dependsOn.includes(target)) {
    throw new TypeError(`${live.module.name} calls ${target} but does not list it in dependsOn`);
  }
  return createClient(service, resolver.transportFor(live, target));
}
