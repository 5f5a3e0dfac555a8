/** The `tls:` key of a listener. */
export const TLS_SHAPE = {
  type: "object",
  additionalProperties: false,
  required: ["cert_file", "key_file"],
  description:
    "Serve HTTPS. The files are read again on SIGHUP and within a minute of a change; paths are " +
    "relative to this file.",
  properties: {
    cert_file: { type: "string", description: "Certificate chain, PEM." },
    key_file: { type: "string", description: "Its private key, PEM." },
    client_ca_file: {
      type: "string",
      description: "Ask clients for a certificate of these authorities, PEM (mTLS).",
    },
    client_auth: {
      type: "string",
      enum: ["required", "optional"],
      default: "required",
      description:
        "optional: clients without a certificate may show a key; a wrong certificate is refused. " +
        "The gate itself shows its own to its listener, for tools that are called by its API.",
    },
  },
} as const;
