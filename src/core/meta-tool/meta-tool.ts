/** A tool that is only a way to other tools of its server, as the operator described it. */
export type MetaTool =
  /** Calls the tool that one of its arguments names. */
  | {
      readonly kind: "call";
      readonly tool: string;
      readonly nameIn: string;
      /** Undefined: the named tools are all of one server. */
      readonly serverIn: string | undefined;
      /** Holds the named tool's arguments; undefined: it takes none. */
      readonly argsIn: string | undefined;
    }
  /** Answers with tools, in this member of its structured result. */
  | { readonly kind: "search"; readonly tool: string; readonly listIn: string }
  /** None, whatever its arguments look like. */
  | { readonly kind: "plain"; readonly tool: string };
