/** `/docs`: the OpenAPI document as one page without scripts, served from here. */

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema?: { readonly description?: string };
  readonly description?: string;
}

interface Operation {
  readonly parameters?: readonly Parameter[];
  readonly security?: readonly unknown[];
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly requestBody?: unknown;
  readonly responses?: Readonly<Record<string, unknown>>;
}

const METHODS = ["get", "post", "put", "patch", "delete"] as const;

/** The page has no script and loads nothing: it works where there is no network. */
export const DOCS_HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy":
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
} as const;

const STYLE = `
body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
h2{margin-top:2rem;border-bottom:1px solid #8884}summary{cursor:pointer;padding:.35rem 0}
nav{display:flex;flex-wrap:wrap;gap:.2rem 1rem;padding:0}p,summary{overflow-wrap:anywhere}
code,pre{font:13px/1.45 ui-monospace,monospace}pre{background:#8881;padding:.7rem;overflow:auto}
details{padding-left:.2rem}details[open]{border-left:3px solid #8886;padding-left:.8rem}
table{border-collapse:collapse}td{padding:.15rem 1rem .15rem 0;vertical-align:top}
b{display:inline-block;min-width:4.2rem}:target>summary{background:#fd08}
@media(prefers-color-scheme:dark){:root{color-scheme:dark}}`;

export function docsPage(
  document: { readonly paths?: object | undefined },
  publicUrl: string,
): string {
  const paths: readonly [string, unknown][] = Object.entries(document.paths ?? {});
  const sections = new Map<string, string[]>();
  for (const [path, item] of paths) {
    for (const method of METHODS) {
      const operation = operationOf(item, method);
      if (operation === undefined) continue;
      const tag = operation.tags?.[0] ?? "other";
      const section = sections.get(tag) ?? [];
      section.push(operationHtml(method, path, operation));
      sections.set(tag, section);
    }
  }
  const tags = [...sections.keys()].map((tag) => `<a href="#${escape(tag)}">${escape(tag)}</a>`);
  const body = [...sections].map(
    ([tag, all]) => `<h2 id="${escape(tag)}">${escape(tag)}</h2>${all.join("")}`,
  );
  return (
    `<!doctype html><html lang="en"><meta charset="utf-8"><title>Sallyport API</title>` +
    `<meta name="viewport" content="width=device-width,initial-scale=1">` +
    `<style>${STYLE}</style><h1>Sallyport API</h1>` +
    `<p>The machine-readable form is <a href="/openapi.json">/openapi.json</a>. The commands want ` +
    `<code>SALLYPORT=${escape(publicUrl)}</code> and a key in <code>KEY</code>; the first key is ` +
    `made by <a href="#post-core-v1-bootstrap"><code>POST /core/v1/bootstrap</code></a> or ` +
    `<code>sallyport keys create admin --role admin</code>. Errors are problem documents ` +
    `(RFC 9457) with a <code>code</code>.</p>` +
    `<nav>${tags.join("")}</nav>${body.join("")}</html>`
  );
}

function operationOf(item: unknown, method: (typeof METHODS)[number]): Operation | undefined {
  if (typeof item !== "object" || item === null || !(method in item)) return undefined;
  const operations: Readonly<Record<string, Operation>> = { ...item };
  return operations[method];
}

function operationHtml(method: string, path: string, operation: Operation): string {
  const { summary = "", description = "", requestBody, responses = {} } = operation;
  const success = Object.entries(responses).find(([status]) => status.startsWith("2"));
  return (
    `<details id="${anchorOf(method, path)}"><summary><b>${method.toUpperCase()}</b> <code>${escape(path)}</code> ` +
    `${escape(summary)}</summary><p>${escape(description)}</p>` +
    `<pre>${escape(curlOf(method, path, operation))}</pre>` +
    parametersHtml(operation.parameters ?? []) +
    exampleHtml("Request", requestBody) +
    (success === undefined ? "" : exampleHtml(`Answer ${success[0]}`, success[1])) +
    `</details>`
  );
}

/** Stable, so that an operation can be pointed to. */
function anchorOf(method: string, path: string): string {
  return `${method}${path}`.replaceAll(/[^\w]+/g, "-").replace(/-$/, "");
}

function parametersHtml(parameters: readonly Parameter[]): string {
  const rows = parameters.map(({ name, in: place, required, schema, description }) => {
    const says = description ?? schema?.description ?? "";
    const need = required === true ? "required" : "";
    return (
      `<tr><td><code>${escape(name)}</code></td><td>${escape(place)} ${need}</td>` +
      `<td>${escape(says)}</td></tr>`
    );
  });
  return rows.length === 0 ? "" : `<table>${rows.join("")}</table>`;
}

/** The request as a command; what is to be filled in is in capitals. */
function curlOf(method: string, path: string, operation: Operation): string {
  const { parameters = [], requestBody, security = [] } = operation;
  const named = parameters.map(({ name }) => name);
  const place = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => name.toUpperCase());
  const query = parameters.filter((one) => one.in === "query" && one.required === true);
  const asked = query.map(({ name }) => `${name}=${name.toUpperCase()}`).join("&");
  const body = findExample(requestBody);
  return [
    `curl -X ${method.toUpperCase()} "$SALLYPORT${place}${asked === "" ? "" : `?${asked}`}"`,
    ...(security.length === 0 ? [] : ['-H "authorization: Bearer $KEY"']),
    ...(named.includes("if-match") ? ["-H 'if-match: \"1\"'"] : []),
    ...(named.includes("idempotency-key") ? ['-H "idempotency-key: $(uuidgen)"'] : []),
    ...(body === undefined ? [] : [`--json '${quoted(JSON.stringify(body))}'`]),
  ].join(" ");
}

/** Inside single quotes of a shell. */
function quoted(text: string): string {
  return text.replaceAll("'", `'\\''`);
}

/** The media type's example is what a reader looks for; the schema is in the document. */
function exampleHtml(title: string, part: unknown): string {
  const example = findExample(part);
  if (example === undefined) return "";
  return `<h4>${escape(title)}</h4><pre>${escape(JSON.stringify(example, undefined, 2))}</pre>`;
}

function findExample(part: unknown): unknown {
  if (typeof part !== "object" || part === null) return undefined;
  const members: Readonly<Record<string, unknown>> = { ...part };
  if ("example" in members) return members["example"];
  if (Array.isArray(members["examples"])) return members["examples"][0];
  for (const name of ["content", "application/json", "schema"]) {
    const found = findExample(members[name]);
    if (found !== undefined) return found;
  }
  return undefined;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
