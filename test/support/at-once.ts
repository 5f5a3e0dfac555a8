/** For what is a promise only where replicas share something. */
export function atOnce<Value>(value: Value | Promise<Value>): Value {
  if (value instanceof Promise) throw new Error("it is not known at once");
  return value;
}
