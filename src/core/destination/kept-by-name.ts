/**
 * What was made of a name, for the next that asks about it. A name has one place, where newer drive
 * older ones out: what names hostile text is full of costs no more to forget than to keep.
 */
export interface KeptByName<Value> {
  get(name: string): Value | undefined;
  keep(name: string, value: Value): void;
}

const PLACES = 512;
/** Units of a name that decide on its place. */
const READ_MAX = 64;

export function keptByName<Value>(): KeptByName<Value> {
  const names: string[] = Array.from({ length: PLACES }, () => "");
  const values: (Value | undefined)[] = Array.from({ length: PLACES });
  return {
    get(name) {
      const place = placeOf(name);
      return names[place] === name ? values[place] : undefined;
    },
    keep(name, value) {
      const place = placeOf(name);
      names[place] = name;
      values[place] = value;
    },
  };
}

function placeOf(name: string): number {
  const end = Math.min(name.length, READ_MAX);
  let hash = name.length;
  for (let i = 0; i < end; i += 1) hash = (Math.imul(hash, 31) + name.charCodeAt(i)) | 0;
  return (hash ^ (hash >>> 16)) & (PLACES - 1);
}
