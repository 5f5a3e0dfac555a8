/** The manifests, as far as they show without a cluster: against each other, the image and us. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { CONTAINER, KINDS, unknownFields } from "../support/kubernetes-fields.ts";
import { runSallyport } from "../support/sallyport-process.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const HERE = join(ROOT, "deploy/kubernetes");
const read = (...path: string[]): string => readFileSync(join(HERE, ...path), "utf8");
const dockerfile = readFileSync(join(ROOT, "Dockerfile"), "utf8");

// oxlint-disable-next-line typescript/no-explicit-any -- YAML that the assertions below describe
type Yaml = any;

/** What a kustomization is made of; `guarded` is `sidecar` with one container before the others. */
function variant(name: "sidecar" | "gate") {
  const { resources, configMapGenerator, images } = parse(read(name, "kustomization.yaml"));
  const files: readonly string[] = resources.filter((one: string) => one.endsWith(".yaml"));
  const objects: readonly Yaml[] = files.flatMap((file) =>
    parseAllDocuments(read(name, file)).map((document) => document.toJS()),
  );
  const pods = objects.filter(({ spec }) => spec?.template !== undefined);
  const config: Yaml = parse(read(name, configMapGenerator[0].files[0]));
  return { objects, pods, config, configMapGenerator, images };
}

const containersOf = ({ spec }: Yaml): readonly Yaml[] => [
  ...(spec.template.spec.initContainers ?? []),
  ...spec.template.spec.containers,
];
const named = (list: readonly Yaml[] | undefined, name: string): Yaml =>
  list?.find((one) => one.name === name);
const labelsOf = ({ spec }: Yaml): Record<string, string> => spec.template.metadata.labels;
const holds = (labels: Record<string, string>, wanted: Record<string, string>): boolean =>
  Object.entries(wanted).every(([key, value]) => labels[key] === value);

describe.each(["sidecar", "gate"] as const)("the manifests of `%s`", (name) => {
  const { objects, pods, config, configMapGenerator } = variant(name);
  const [pod] = pods.filter((one) => named(containersOf(one), "sallyport") !== undefined);
  const gate: Yaml = named(containersOf(pod), "sallyport");
  const mountOf = (volume: string): string => named(gate.volumeMounts, volume).mountPath;

  it("have no field that nobody knows", () => {
    for (const object of objects) {
      const kind = `${object.apiVersion} ${object.kind}`;
      expect(unknownFields(object, KINDS[kind], kind)).toEqual([]);
    }
    const misspelt = { metadata: { name: "x" }, spec: { template: { spec: { containrs: [] } } } };
    expect(unknownFields(misspelt, KINDS["apps/v1 Deployment"], "x")).toEqual([
      "x.spec.template.spec.containrs",
    ]);
  });

  it("mount what they have, and name what there is", () => {
    const maps = ["sallyport-policies", "sallyport-ca", configMapGenerator[0].name];
    for (const { spec } of pods) {
      const { volumes = [], serviceAccountName } = spec.template.spec;
      const claims: readonly Yaml[] = spec.volumeClaimTemplates ?? [];
      const there = [...volumes, ...claims.map(({ metadata }) => metadata)];
      for (const { volumeMounts = [] } of containersOf({ spec })) {
        for (const mount of volumeMounts)
          expect(named(there, mount.name), mount.name).toBeDefined();
      }
      for (const { configMap } of volumes) if (configMap) expect(maps).toContain(configMap.name);
      if (serviceAccountName === undefined) continue;
      const accounts = objects.filter(({ kind }) => kind === "ServiceAccount");
      expect(accounts.map(({ metadata }) => metadata.name)).toContain(serviceAccountName);
    }
    // Nothing is mounted below a mount that cannot be written: its directory could not be made.
    const places: readonly string[] = gate.volumeMounts.map(({ mountPath }: Yaml) => mountPath);
    for (const place of places) {
      expect(places.filter((other) => other.startsWith(`${place}/`))).toEqual([]);
    }
  });

  it("select pods that are there", () => {
    for (const { spec } of pods) {
      expect(holds(labelsOf({ spec }), spec.selector.matchLabels)).toBe(true);
    }
    const selectors = objects.flatMap(({ kind, spec }) => {
      if (kind === "Service") return [spec.selector];
      return kind === "NetworkPolicy" ? [spec.podSelector.matchLabels] : [];
    });
    expect(selectors.length).toBeGreaterThan(0);
    for (const wanted of selectors) {
      expect(pods.some((one) => holds(labelsOf(one), wanted))).toBe(true);
    }
  });

  it("run the gate as the image's user, with nothing that it does not need", () => {
    const [, uid = ""] = /--chown=(\d+)/.exec(dockerfile) ?? [];
    expect(gate.securityContext).toEqual({
      runAsUser: Number(uid),
      runAsGroup: Number(uid),
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
    expect(pod.spec.template.spec.securityContext).toMatchObject({
      fsGroup: Number(uid),
      fsGroupChangePolicy: "OnRootMismatch",
      seccompProfile: { type: "RuntimeDefault" },
    });
  });

  it("probe where the gate answers from elsewhere, and wait longer than a shutdown", async () => {
    expect(config.manage.host).toBe("0.0.0.0");
    for (const probe of [gate.startupProbe, gate.readinessProbe, gate.livenessProbe]) {
      expect(named(gate.ports, probe.httpGet.port).containerPort).toBe(config.manage.port);
      expect(probe.httpGet.path).toMatch(/^\/(readyz|livez)$/);
    }
    const { stdout } = await runSallyport(["config", "show"]);
    const drainMs = Number(/drain_ms:? +([0-9]+)/u.exec(stdout)?.[1]);
    expect(pod.spec.template.spec.terminationGracePeriodSeconds * 1000).toBeGreaterThan(drainMs);
  });

  it("put every file where the configuration looks for it", () => {
    const { value } = named(gate.env, "SALLYPORT_CONFIG");
    expect(value).toBe(`${mountOf("config")}/${configMapGenerator[0].files[0]}`);
    expect(config.policies.dir).toBe(mountOf("policies"));
    for (const { credential } of config.upstreams) {
      expect(credential.ref).toMatch(new RegExp(`^file://${mountOf("credentials")}/[a-z]+$`));
    }
    const [, data = ""] = /SALLYPORT_DATA_DIR=(\S+)/.exec(dockerfile) ?? [];
    expect(dirname(data)).toBe(mountOf("ledger"));
    if (config.listen.tls !== undefined) {
      expect(dirname(config.listen.tls.cert_file)).toBe(mountOf("tls"));
      expect(dirname(config.listen.tls.key_file)).toBe(mountOf("tls"));
    }
  });

  it("have a configuration that Sallyport takes", async () => {
    const file = join(HERE, name, configMapGenerator[0].files[0]);
    const shown = await runSallyport(["config", "show", "--config", file]);
    expect(shown.code, shown.output).toBe(0);
    expect(config.api.local_bootstrap).toBe(false);
  });

  it("keep the agent from what is the gate's", () => {
    const agents = pods.flatMap((one) =>
      containersOf(one)
        .filter((each) => each.name !== "sallyport")
        .map((each) => ({ each, user: each.securityContext.runAsUser ?? podUser(one) })),
    );
    expect(agents).toHaveLength(1);
    for (const { each, user } of agents) {
      expect(user).not.toBe(gate.securityContext.runAsUser);
      expect(each.securityContext).toMatchObject({ capabilities: { drop: ["ALL"] } });
      const mounts: readonly Yaml[] = each.volumeMounts ?? [];
      const shared = mounts.filter((mount) => ["credentials", "ledger"].includes(mount.name));
      expect(shared).toEqual([]);
    }
  });
});

const podUser = ({ spec }: Yaml): unknown => spec.template.spec.securityContext.runAsUser;

describe("the sidecar", () => {
  const { pods, config } = variant("sidecar");
  const [pod] = pods;

  it("starts before the agent, lives as long, and is where the agent looks for it", () => {
    const [first] = pod.spec.template.spec.initContainers;
    expect(first).toMatchObject({ name: "sallyport", restartPolicy: "Always" });
    expect(config.listen.host).toBe("127.0.0.1");
    expect(config.identity.loopback_agent).toBe(config.agents[0].name);
    const agent = named(pod.spec.template.spec.containers, "agent");
    expect(named(agent.env, "OPENAI_BASE_URL").value).toBe(
      `http://127.0.0.1:${config.listen.port}/${config.upstreams[0].name}/v1`,
    );
  });

  it("is guarded by a container of the same shape that comes first and knows its user", () => {
    const { patches, resources } = parse(read("guarded/kustomization.yaml"));
    expect(resources).toEqual(["../sidecar"]);
    const [{ op, path, value }] = parse(patches[0].patch);
    expect([op, path]).toEqual(["add", "/spec/template/spec/initContainers/0"]);
    expect(unknownFields(value, CONTAINER, "guard")).toEqual([]);
    const gate = named(pod.spec.template.spec.initContainers, "sallyport");
    expect(named(value.env, "GATE_UID").value).toBe(String(gate.securityContext.runAsUser));
    expect(read("guarded/guard.sh")).toContain("$GATE_UID");
    expect(existsSync(join(HERE, "guarded/Dockerfile"))).toBe(true);
  });
});

describe("the gate by itself", () => {
  const { objects, pods, config } = variant("gate");

  it("knows its agent by the token that is made for it", () => {
    const agent = pods.find(({ kind }) => kind === "Deployment");
    const { serviceAccountName, volumes } = agent.spec.template.spec;
    const { namespace } = parse(read("gate/kustomization.yaml"));
    expect(config.agents[0].subjects).toEqual([
      `system:serviceaccount:${namespace}:${serviceAccountName}`,
    ]);
    const [{ serviceAccountToken }] = named(volumes, "token").projected.sources;
    expect(serviceAccountToken.audience).toBe(config.identity.token_issuers[0].audience);
  });

  it("is the only way out of a labelled pod", () => {
    const policy = objects.find(({ metadata }) => metadata.name === "agents-out-by-the-gate");
    const [toGate, toNames, ...others] = policy.spec.egress;
    expect(toGate.ports).toEqual([{ port: config.listen.port, protocol: "TCP" }]);
    expect(toNames.ports.map(({ port }: Yaml) => port)).toEqual([53, 53]);
    expect(others).toEqual([]);
    const agent = pods.find(({ kind }) => kind === "Deployment");
    expect(holds(labelsOf(agent), policy.spec.podSelector.matchLabels)).toBe(true);
  });
});

it("policies in the ConfigMap load and pass their own tests", async () => {
  const { configMapGenerator } = parse(read("base/kustomization.yaml"));
  expect(configMapGenerator[0].options).toEqual({ disableNameSuffixHash: true });
  const checked = await runSallyport(["policy", "check", join(HERE, "base/policies")]);
  expect(checked.code, checked.output).toBe(0);
});
