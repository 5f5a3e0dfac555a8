const ms = <D extends number>(value: D, description: string) =>
  ({ type: "integer", minimum: 1, maximum: 86_400_000, default: value, description }) as const;

const flag = (description: string) => ({ type: "boolean", default: false, description }) as const;

const ports = (description: string) =>
  ({
    type: "array",
    maxItems: 64,
    default: [],
    items: { type: "integer", minimum: 1, maximum: 65_535 },
    description,
  }) as const;

/** `forward_proxy:` of the config. */
export const FORWARD_PROXY_SHAPE = {
  type: "object",
  additionalProperties: false,
  default: {},
  description:
    "Lets agents choose hosts themselves, by `CONNECT` and by `GET http://…`, where a rule names " +
    "the host. What goes through a tunnel nobody sees: an upstream is the better way.",
  properties: {
    enabled: flag("Without it, both are refused."),
    connect_ports: ports("Ports that tunnels may lead to; 443 if none is named."),
    http_ports: ports("Ports of plain requests; 80 if none is named."),
    tunnels_max: {
      type: "integer",
      minimum: 1,
      maximum: 100_000,
      default: 512,
      description: "Open tunnels of one process; of several `workers`, each has as many.",
    },
    unscannable: {
      type: "string",
      enum: ["refuse", "pass"],
      default: "refuse",
      description:
        "A tunnel, or a body that nobody can read, where an `inspect` rule wants to look. `pass` " +
        "lets it by, and the record says that it was not scanned.",
    },
    encrypted_hello: {
      type: "string",
      enum: ["refuse", "pass"],
      default: "refuse",
      description:
        "A ClientHello that hides another one (ECH), so that nobody knows which host is meant. " +
        "Browsers seem to send one always.",
    },
    hosts: {
      type: "array",
      maxItems: 256,
      default: [],
      description: "What differs for some hosts; the first that fits.",
      items: {
        type: "object",
        additionalProperties: false,
        required: ["host"],
        properties: {
          host: {
            type: "string",
            pattern: "^[a-z0-9.*:_\\[\\]-]{1,253}$",
            examples: ["pypi.org", "*.example.com"],
            description: "A name or a glob, lower case; an address only as it is written here.",
          },
          allow_private: flag("It may have private, loopback and link-local addresses."),
          opaque: flag("Its tunnels need not begin with TLS for that name."),
          own_credentials: flag(
            "Requests in clear text keep the agent's own credentials (Authorization, cookies).",
          ),
        },
      },
    },
    request_bytes_max: {
      type: "integer",
      minimum: 1024,
      maximum: 1_073_741_824,
      default: 16_777_216,
      description: "Largest request body that is read to be judged.",
    },
    response_bytes_max: {
      type: "integer",
      minimum: 1024,
      maximum: 1_073_741_824,
      default: 16_777_216,
      description: "Largest response body that is held to be inspected.",
    },
    timeouts: {
      type: "object",
      additionalProperties: false,
      default: {},
      properties: {
        connect_ms: ms(5000, "Until the connection stands, the name's resolution included."),
        hello_ms: ms(10_000, "Until the whole ClientHello of a tunnel has come."),
        headers_ms: ms(600_000, "From a plain request's last byte to the response's head."),
        idle_ms: ms(300_000, "Without a byte in either direction."),
        total_ms: ms(3_600_000, "The whole request or tunnel."),
      },
    },
  },
} as const;
