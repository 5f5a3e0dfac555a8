/**
 * Clients differ in what a base URL means: `ANTHROPIC_BASE_URL` is an origin to one SDK and ends in
 * `/v1` for another. `/messages`, `/v1/messages` and `/v1/v1/messages` are one endpoint here.
 */
import type { Upstream } from "../../core/upstream.ts";

const LEADING_VERSIONS = /^(?:\/v[0-9]+(?:alpha|beta)?)*(?=\/)/;
const VERSION_INSIDE = /\/v[0-9]+(?:alpha|beta)?(?=\/|$)/;

/** What an endpoint's name may be made of when it stands in a path: nothing that needs encoding. */
export const NAME_IN_PATH = /^[\w.:@~-]+(?:\/[\w.:@~-]+)*$/;

export interface BasePath {
  /** The last version the client named, with its slash; empty if none. */
  readonly version: string;
  /** Starts with a slash. */
  readonly rest: string;
}

export function splitVersion(path: string): BasePath {
  const versions = LEADING_VERSIONS.exec(path)?.[0] ?? "";
  return { version: versions.slice(versions.lastIndexOf("/v")), rest: path.slice(versions.length) };
}

/** What to put before the endpoint: nothing where the upstream's prefix has a version already. */
export function versionToSend(upstream: Upstream, version: string): string {
  return VERSION_INSIDE.test(upstream.pathPrefix) ? "" : version;
}
