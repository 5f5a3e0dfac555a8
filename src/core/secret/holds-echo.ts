/** From common to rare in JSON, prose and numbers; what is not here is rarer still. */
const COMMON = ' etaoinsrhldcumfpgwybvkxjqz",.:0123456789-_/TISAWHMCB';
/** What is searched for first is at least so long, or it would be found where no form is. */
const TAIL_UNITS_MIN = 4;

interface Sought {
  readonly form: string;
  /** From its rarest unit on: a search jumps from one first unit to the next. */
  readonly tail: string;
}

/** A credential's forms are one list for all its answers. */
const known = new WeakMap<readonly string[], readonly Sought[]>();

/** Whether a secret stands in the text in one of the forms that `echoesOf` made. */
export function holdsEcho(echoes: readonly string[], text: string): boolean {
  let sought = known.get(echoes);
  if (sought === undefined) known.set(echoes, (sought = echoes.map(soughtFor)));
  for (const { form, tail } of sought) if (text.includes(tail) && text.includes(form)) return true;
  return false;
}

function soughtFor(form: string): Sought {
  let from = 0;
  for (let at = 1; at + TAIL_UNITS_MIN <= form.length; at += 1) {
    if (rarity(form, at) > rarity(form, from)) from = at;
  }
  return { form, tail: form.slice(from) };
}

function rarity(form: string, at: number): number {
  const place = COMMON.indexOf(form.charAt(at));
  return place === -1 ? COMMON.length : place;
}
