import {
  type ApiKey as ApiKeyMessage,
  ApiKeySchema,
  type KeyService,
} from "@agentmesh/contracts/gateway/v1/key_service";
import { scopeOf } from "@agentmesh/rpc";
import type { Principal } from "@agentmesh/rpc/scope";
import { create } from "@bufbuild/protobuf";
import { durationMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import { type ApiKey, prefixOf } from "../domain/keys/api-key.ts";
import type { KeyManager } from "../domain/keys/key-manager.ts";
import type { KeyCursor } from "../domain/keys/key-store.ts";
import { errors } from "../errors.ts";

/** KeyService over the gateway's own keys. */
export function keyService(keys: KeyManager): ServiceImpl<typeof KeyService> {
  return {
    async createKey({ name, user, scopes, timeToLive, requestsPerMinute }, context) {
      const timeToLiveMs = timeToLive === undefined ? undefined : durationMs(timeToLive);
      const wish = { name, user, scopes, timeToLiveMs, requestsPerMinute };
      const { key, secret } = await keys.create(callerOf(context), wish);
      return { key: messageOf(key), secret };
    },
    async listKeys({ pageSize, pageToken }, context) {
      const page = { size: sizeOf(pageSize), after: cursorOf(pageToken) };
      const { keys: found, next } = await keys.list(callerOf(context), page);
      return { keys: found.map(messageOf), nextPageToken: next === undefined ? "" : tokenOf(next) };
    },
    async rotateKey({ keyId, grace }, context) {
      const graceMs = grace === undefined ? 0 : durationMs(grace);
      const { key, secret } = await keys.rotate(callerOf(context), keyId, graceMs);
      return { key: messageOf(key), secret };
    },
    async revokeKey({ keyId }, context) {
      return { key: messageOf(await keys.revoke(callerOf(context), keyId)) };
    },
  };
}

function callerOf(context: HandlerContext): Principal {
  const { credential } = scopeOf(context);
  if (credential === undefined) throw errors.KEY_MISSING();
  return credential.principal;
}

function messageOf(key: ApiKey): ApiKeyMessage {
  const { id, name, tenant, user, scopes, requestsPerMinute = 0 } = key;
  const message = create(ApiKeySchema, { id, name, prefix: prefixOf(id), tenant, user, requestsPerMinute });
  message.scopes = [...scopes];
  message.created = timestampFromMs(key.created);
  if (key.expires !== undefined) message.expires = timestampFromMs(key.expires);
  if (key.lastUsed !== undefined) message.lastUsed = timestampFromMs(key.lastUsed);
  if (key.revoked !== undefined) message.revoked = timestampFromMs(key.revoked);
  return message;
}

function sizeOf(pageSize: number): number {
  if (pageSize === 0) return 50;
  if (pageSize >= 1 && pageSize <= 200) return pageSize;
  throw invalid("page_size", "must be 1 to 200, or 0 for 50");
}

function tokenOf({ created, id }: KeyCursor): string {
  return Buffer.from(`${created} ${id}`).toString("base64url");
}

function cursorOf(token: string): KeyCursor | undefined {
  if (token === "") return undefined;
  const match = /^(\d{1,16}) ([0-9a-f]{16})$/.exec(Buffer.from(token, "base64url").toString());
  if (match === null) throw invalid("page_token", "must be a next_page_token");
  return { created: Number(match[1]), id: match[2] ?? "" };
}

function invalid(field: string, description: string) {
  return errors.INVALID_REQUEST({ message: `${field} ${description}`, fields: [{ field, description }] });
}
