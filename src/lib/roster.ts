/** What a roster needs of its members: where it put them, `-1` while they are on none. */
export interface Enrolled {
  place: number;
}

/**
 * Members that come and go with every request, in no order. Not a `Set`: V8 remakes a set's hash
 * table as it is used, and each dead table points to its successor. Once one of them is tenured,
 * everything that was ever a member survives until the next full collection; that cost a third of
 * the CPU under load (`npm run bench -- --only=1k-c16`).
 */
export class Roster<T extends Enrolled> implements Iterable<T> {
  readonly #members: T[] = [];

  /** Once. */
  add(member: T): void {
    member.place = this.#members.length;
    this.#members.push(member);
  }

  /** Nothing happens to one who is not on it. */
  remove(member: T): void {
    if (this.#members[member.place] !== member) return;
    const last = this.#members.pop();
    if (last !== undefined && last !== member) {
      this.#members[member.place] = last;
      last.place = member.place;
    }
    member.place = -1;
  }

  /** Over those who are on it now; they may leave meanwhile. */
  [Symbol.iterator](): Iterator<T> {
    return this.#members.slice()[Symbol.iterator]();
  }
}
