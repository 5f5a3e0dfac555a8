import type { RecordKind } from "../../core/ledger/ledger-index.ts";
import type { ShipFormat, ShippedRecord } from "../../core/ledger/shipped-record.ts";
import type { RedisAddress } from "../redis/redis-address.ts";

/** Where records are sent to, beside the disk. */
export interface SinkPlan {
  /** Names its cursor: another name begins at the ledger's first record. */
  readonly name: string;
  readonly target: SinkAddress;
  readonly format: ShipFormat;
  /** None: all. */
  readonly kinds: readonly RecordKind[];
}

/** `tokenFile` holds a bearer token, or the password of a store. */
export type SinkAddress =
  | { readonly kind: "stdout" }
  | { readonly kind: "webhook"; readonly url: string; readonly tokenFile: string | undefined }
  | { readonly kind: "otlp"; readonly url: string; readonly tokenFile: string | undefined }
  | {
      readonly kind: "redis";
      readonly address: RedisAddress;
      readonly stream: string;
      readonly tokenFile: string | undefined;
    }
  | { readonly kind: "postgres"; readonly url: string; readonly tokenFile: string | undefined };

/** Takes records; what it was given once may be given again after a failure. */
export interface Sink extends AsyncDisposable {
  /** Rejects where they were not taken, all of them. */
  deliver(records: readonly ShippedRecord[]): Promise<void>;
}

export interface SinkState {
  readonly name: string;
  /** Since this process began. */
  readonly delivered: number;
  /** How long ago everything had been delivered, in milliseconds. */
  readonly behind: number;
  /** Why nothing is taken now. Never a secret. */
  readonly failing: string | undefined;
}
