/**
 * The part of JSON Schema (2020-12) that the config file needs, as types: one constant is the
 * published schema, the reader's instructions and the source of the TypeScript type. Nothing is
 * loaded for it at start.
 */
export type Shape = ObjectShape | LeafShape | ListShape | UnionShape;

interface Described {
  readonly description?: string;
}

export interface ObjectShape extends Described {
  readonly type: "object";
  readonly additionalProperties: false;
  readonly required?: readonly string[];
  readonly properties: Readonly<Record<string, Shape>>;
  /** `{}` where the section may be left out: its own defaults then apply. */
  readonly default?: Readonly<Record<string, never>>;
}

export interface ListShape extends Described {
  readonly type: "array";
  readonly items: Shape;
  readonly maxItems: number;
  readonly default?: readonly [];
}

/** One of several; told apart by whether a mapping, a list or a plain value was written. */
export interface UnionShape extends Described {
  readonly anyOf: readonly Shape[];
  readonly default?: string | readonly [];
}

export type LeafShape = TextShape | IntegerShape | DecimalShape | FlagShape;

export interface TextShape extends Described {
  readonly type: "string";
  readonly enum?: readonly string[];
  readonly pattern?: string;
  /** Said in place of the pattern when a value does not fit; editors offer them. */
  readonly examples?: readonly string[];
  readonly maxLength?: number;
  readonly default?: string;
  /** Masked by `config show`; refused in a file, where it would be committed. */
  readonly writeOnly?: true;
}

export interface IntegerShape extends Described {
  readonly type: "integer";
  readonly minimum: number;
  readonly maximum: number;
  readonly default?: number;
}

/** A number that is read from its text, because it is money. */
export interface DecimalShape extends Described {
  readonly type: "number";
  readonly minimum: 0;
  /** Where nothing is not an answer. */
  readonly exclusiveMinimum?: 0;
  readonly maximum?: number;
}

export interface FlagShape extends Described {
  readonly type: "boolean";
  readonly default?: boolean;
}

/** What reading a shape gives: every key present, absent optional ones `undefined`. */
export type Effective<S> = S extends { readonly enum: readonly (infer E)[] }
  ? E
  : S extends { readonly type: "string" | "number" }
    ? string
    : S extends { readonly type: "integer" }
      ? number
      : S extends { readonly type: "boolean" }
        ? boolean
        : S extends { readonly type: "array"; readonly items: infer I }
          ? readonly Effective<I>[]
          : S extends { readonly anyOf: readonly (infer A)[] }
            ? Effective<A>
            : S extends { readonly type: "object"; readonly properties: infer P }
              ? { readonly [K in keyof P]: Effective<P[K]> | Absent<S, K, P[K]> }
              : never;

type Absent<S, K, P> = P extends { readonly default: unknown }
  ? never
  : S extends { readonly required: readonly (infer R)[] }
    ? K extends R
      ? never
      : undefined
    : undefined;
