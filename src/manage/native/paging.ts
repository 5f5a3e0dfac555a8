import { Type, type TSchema } from "typebox";

const PAGE_DEFAULT = 50;
const PAGE_MAX = 200;

/** Query of every list. */
export const PAGE_QUERY = {
  limit: Type.Optional(
    Type.String({
      pattern: "^0*[1-9][0-9]{0,2}$",
      description: `A number from 1 to ${PAGE_MAX}; ${PAGE_DEFAULT} if it is left out.`,
    }),
  ),
  after: Type.Optional(
    Type.String({ maxLength: 512, description: "`next` of the page before; opaque." }),
  ),
};

export interface PageQuery {
  readonly limit?: string;
  readonly after?: string;
}

export interface Paging {
  readonly limit: number;
  /** Where the page before ended. */
  readonly after: string | undefined;
}

export function pagingOf({ limit, after }: PageQuery): Paging {
  const asked = limit === undefined ? PAGE_DEFAULT : Number(limit);
  return {
    limit: Math.min(PAGE_MAX, Math.max(1, asked)),
    after: after === undefined ? undefined : Buffer.from(after, "base64url").toString(),
  };
}

/** `{ items, next }`; `next` is absent on the last page. */
export function pageOf<S extends TSchema>(item: S, example: unknown) {
  return Type.Object(
    {
      items: Type.Array(item),
      next: Type.Optional(Type.String({ description: "Give it back as `after`." })),
    },
    { examples: [{ items: [example] }] },
  );
}

/** A full page may have a next one; `placeOf` names where an item stands. */
export function page<T, J>(
  items: readonly T[],
  { limit }: Paging,
  placeOf: (item: T) => string,
  show: (item: T) => J,
): { readonly items: readonly J[]; readonly next?: string } {
  const last = items.at(-1);
  const shown = items.map(show);
  if (last === undefined || items.length < limit) return { items: shown };
  return { items: shown, next: Buffer.from(placeOf(last)).toString("base64url") };
}

/** A page of what is stored and of what the configuration lists, in one order. */
export function namedPage<J extends { readonly name: string }>(
  stored: readonly J[],
  listed: readonly J[],
  paging: Paging,
): { readonly items: readonly J[]; readonly next?: string } {
  const { after = "", limit } = paging;
  const items = [...stored, ...listed.filter(({ name }) => after < name)]
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .slice(0, limit);
  return page(
    items,
    paging,
    ({ name }) => name,
    (json) => json,
  );
}
