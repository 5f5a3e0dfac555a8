/** The `notifications:` key of the config file: how subscribers are reached. */
import type { Shape } from "./schema-shape.ts";

export const NOTIFICATIONS_SHAPE = {
  type: "object",
  additionalProperties: false,
  default: {},
  description:
    "How subscriptions are served; they are made by `sallyport subscriptions` or the API.",
  properties: {
    allow_private: {
      type: "boolean",
      default: false,
      description: "Whether webhooks may lead to addresses of this network.",
    },
    smtp: {
      type: "object",
      additionalProperties: false,
      default: {},
      description: "The mail server for subscriptions by mail.",
      properties: {
        url: {
          type: "string",
          pattern: "^smtps?://[^\\s]+$",
          examples: ["smtp://gate@mail.example.org:587"],
          description: "smtps://user@host or smtp://user@host:587; the password is not in it.",
        },
        from: { type: "string", description: "The sender: Sallyport <sallyport@example.org>." },
        password_ref: {
          type: "string",
          pattern: "^(vault://[A-Za-z0-9._-]{1,128}|file:///.+)$",
          examples: ["vault://mail", "file:///run/secrets/mail"],
          description: "vault://name (`sallyport vault set <name> --gate`) or file:///path.",
        },
        ca_file: {
          type: "string",
          description: "PEM of the authority that its certificate is of, where it has its own.",
        },
        require_tls: {
          type: "boolean",
          default: true,
          description: "Whether smtp:// must offer STARTTLS.",
        },
      },
    },
  },
} as const satisfies Shape;
