/** One field of a message alone, left out when it is absent: an init object must not carry undefined. */
export function optional<T extends object, Name extends keyof T>(
  message: T,
  name: Name,
): { [Key in Name]?: NonNullable<T[Name]> } {
  const value = message[name];
  const result: { [Key in Name]?: NonNullable<T[Name]> } = {};
  if (value !== undefined && value !== null) result[name] = value;
  return result;
}
