import { compilePolicies } from "../core/policy/compile-policy.ts";
import type { PolicySnapshot } from "../core/policy/policy-snapshot.ts";
import type { PolicyDesk } from "../manage/native/services.ts";
import { policyFilesStamp, readPolicyFiles } from "./policy-files.ts";

const SILENT = compilePolicies([]);

/** The policies as the gateway has them: files with problems leave the last good ones in force. */
export function openPolicyDesk(directory: string): PolicyDesk {
  let stamp: string | undefined;
  let snapshot: PolicySnapshot | undefined = SILENT.kind === "ok" ? SILENT.snapshot : undefined;
  return {
    files: () => readPolicyFiles(directory).sources,
    snapshot() {
      const now = policyFilesStamp(directory);
      if (now !== stamp) {
        const { sources, problems } = readPolicyFiles(directory);
        const reply = problems.length > 0 ? undefined : compilePolicies(sources);
        if (reply?.kind === "ok") snapshot = reply.snapshot;
        stamp = now;
      }
      if (snapshot === undefined) throw new Error("no policy compiles to nothing");
      return snapshot;
    },
  };
}
