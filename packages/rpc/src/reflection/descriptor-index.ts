import { type DescExtension, type DescFile, type DescService, toBinary } from "@bufbuild/protobuf";
import { nestedTypes } from "@bufbuild/protobuf/reflect";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";

/** Everything that reflection is asked for, found once: files by name and by symbol, extensions by what they extend. */
export class DescriptorIndex {
  readonly services: readonly string[];
  readonly #files = new Map<string, DescFile>();
  readonly #symbols = new Map<string, DescFile>();
  readonly #extensions = new Map<string, Map<number, DescExtension>>();

  /** @param others files whose types are asked for though no service names them */
  constructor(services: readonly DescService[], others: readonly DescFile[] = []) {
    this.services = services.map(({ typeName }) => typeName);
    for (const { file } of services) this.#addFile(file);
    for (const file of others) this.#addFile(file);
  }

  /** The file of that name, with all it depends on, serialised; undefined when there is none. */
  fileByName(name: string): Uint8Array[] | undefined {
    return withDependencies(this.#files.get(name));
  }

  /** The file that declares a service, method, message, field, enum, enum value or extension. */
  fileBySymbol(symbol: string): Uint8Array[] | undefined {
    return withDependencies(this.#symbols.get(symbol));
  }

  /** The file that declares the extension with that number. */
  fileByExtension(extendee: string, number: number): Uint8Array[] | undefined {
    return withDependencies(this.#extensions.get(extendee)?.get(number)?.file);
  }

  /** The numbers of all known extensions of a message; undefined when nothing extends it. */
  extensionNumbers(extendee: string): number[] | undefined {
    const known = this.#extensions.get(extendee);
    return known === undefined ? undefined : [...known.keys()];
  }

  #addFile(file: DescFile): void {
    if (this.#files.has(file.proto.name)) return;
    this.#files.set(file.proto.name, file);
    for (const type of nestedTypes(file)) {
      this.#symbols.set(type.typeName, file);
      if (type.kind === "service")
        for (const { name } of type.methods) this.#symbols.set(`${type.typeName}.${name}`, file);
      if (type.kind === "message")
        for (const { name } of type.fields) this.#symbols.set(`${type.typeName}.${name}`, file);
      if (type.kind === "enum") for (const { name } of type.values) this.#symbols.set(`${type.typeName}.${name}`, file);
      if (type.kind === "extension") this.#addExtension(type);
    }
    for (const dependency of file.dependencies) this.#addFile(dependency);
  }

  #addExtension(extension: DescExtension): void {
    const { typeName } = extension.extendee;
    const known = this.#extensions.get(typeName) ?? new Map<number, DescExtension>();
    known.set(extension.number, extension);
    this.#extensions.set(typeName, known);
  }
}

function withDependencies(file: DescFile | undefined): Uint8Array[] | undefined {
  if (file === undefined) return undefined;
  const seen = new Set<DescFile>();
  const visit = (next: DescFile) => {
    if (seen.has(next)) return;
    seen.add(next);
    next.dependencies.forEach(visit);
  };
  visit(file);
  return [...seen].map(({ proto }) => toBinary(FileDescriptorProtoSchema, proto));
}
