import { ErrorInfoSchema } from "@agentmesh/contracts/google/rpc/error_details";
import {
  ServerReflection,
  type ServerReflectionRequest,
  type ServerReflectionResponseSchema,
} from "@agentmesh/contracts/grpc/reflection/v1/reflection";
import { ServerReflection as ServerReflectionAlpha } from "@agentmesh/contracts/grpc/reflection/v1alpha/reflection";
import type { DescService, MessageInitShape } from "@bufbuild/protobuf";
import { Code, type ServiceImpl } from "@connectrpc/connect";
import { bind, type ServiceBinding } from "../binding.ts";
import { DescriptorIndex } from "./descriptor-index.ts";

type Response = MessageInitShape<typeof ServerReflectionResponseSchema>;
type Answer = NonNullable<Response["messageResponse"]>;

/** Serves reflection, v1 and v1alpha, for the given services and for itself. */
export function reflectionBindings(services: readonly DescService[]): ServiceBinding[] {
  // Tools look up the details of errors by name to show them.
  const details = [ErrorInfoSchema.file];
  const index = new DescriptorIndex([...services, ServerReflection, ServerReflectionAlpha], details);
  const implementation: ServiceImpl<typeof ServerReflection> = {
    async *serverReflectionInfo(requests) {
      for await (const request of requests) {
        yield { validHost: request.host, originalRequest: request, messageResponse: answer(index, request) };
      }
    },
  };
  // The two versions differ in their names only: the messages are the same, field by field.
  const alpha = implementation as unknown as ServiceImpl<typeof ServerReflectionAlpha>;
  return [bind(ServerReflection, implementation), bind(ServerReflectionAlpha, alpha)];
}

function answer(index: DescriptorIndex, { messageRequest }: ServerReflectionRequest): Answer {
  switch (messageRequest.case) {
    case "listServices":
      return { case: "listServicesResponse", value: { service: index.services.map((name) => ({ name })) } };
    case "fileByFilename":
      return files(index.fileByName(messageRequest.value));
    case "fileContainingSymbol":
      return files(index.fileBySymbol(messageRequest.value));
    case "fileContainingExtension":
      return files(index.fileByExtension(messageRequest.value.containingType, messageRequest.value.extensionNumber));
    case "allExtensionNumbersOfType":
      return extensions(index, messageRequest.value);
    default:
      return failure(Code.InvalidArgument, "the request names nothing to look up");
  }
}

function files(fileDescriptorProto: Uint8Array[] | undefined): Answer {
  if (fileDescriptorProto === undefined) return failure(Code.NotFound, "nothing of that name is served here");
  return { case: "fileDescriptorResponse", value: { fileDescriptorProto } };
}

function extensions(index: DescriptorIndex, baseTypeName: string): Answer {
  const extensionNumber = index.extensionNumbers(baseTypeName);
  if (extensionNumber === undefined) return failure(Code.NotFound, "nothing is known that extends this type");
  return { case: "allExtensionNumbersResponse", value: { baseTypeName, extensionNumber } };
}

function failure(errorCode: Code, errorMessage: string): Answer {
  return { case: "errorResponse", value: { errorCode, errorMessage } };
}
