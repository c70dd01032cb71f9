/** One field of a protobuf message as it lies on the wire. */
export interface WireField {
  readonly number: number;
  /** Length-delimited fields. */
  readonly bytes: Uint8Array;
  /** Varint and fixed-width fields, as 64 bits. */
  readonly bits: bigint;
}

/** Reads the fields of a message without its schema (https://protobuf.dev/programming-guides/encoding/). */
export function readFields(message: Uint8Array): WireField[] {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  const fields: WireField[] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = view.getUint8(at++);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.byteLength) {
    const key = varint();
    const number = Number(key >> 3n);
    const none = new Uint8Array();
    switch (Number(key & 7n)) {
      case 0:
        fields.push({ number, bits: varint(), bytes: none });
        break;
      case 1:
        fields.push({ number, bits: view.getBigUint64(at, true), bytes: none });
        at += 8;
        break;
      case 2: {
        const length = Number(varint());
        fields.push({ number, bits: 0n, bytes: message.subarray(at, at + length) });
        at += length;
        break;
      }
      case 5:
        fields.push({ number, bits: BigInt(view.getUint32(at, true)), bytes: none });
        at += 4;
        break;
      default:
        throw new Error(`unknown wire type in field ${number}`);
    }
  }
  return fields;
}
