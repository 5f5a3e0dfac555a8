/**
 * Warms all subjects alike before anything is measured. A gate runs for days, and V8's compilers are
 * at work for its first 100,000 requests: what is measured meanwhile is them.
 */

/** Steps without a gain that make a steady state. */
const PATIENCE = 3;
/** By less than this a step is no cheaper than another: the machine's own noise is larger. */
const GAIN_MIN = 0.03;

export interface WarmUpLimits {
  /** Requests that each subject answers before the next has its turn. */
  readonly stepRequests: number;
  /** For all subjects together; a step that has begun is finished. */
  readonly seconds: number;
}

/** What one slice of load came to. */
export interface Warming {
  readonly requests: number;
  readonly seconds: number;
  readonly cpuUs: number;
}

export interface WarmUp<S> {
  /** CPU µs a request, step by step. */
  readonly courses: ReadonlyMap<S, readonly number[]>;
  /** False where the time ran out before. */
  readonly steady: boolean;
}

/** Until the CPU a request of every subject falls no further: each answers as many requests. */
export async function warmUp<S>(
  subjects: readonly S[],
  serve: (subject: S) => Promise<Warming>,
  { stepRequests, seconds }: WarmUpLimits,
): Promise<WarmUp<S>> {
  const courses = new Map<S, number[]>(subjects.map((subject) => [subject, []]));
  const isSteady = (): boolean => [...courses.values()].every(fallsNoFurther);
  let spent = 0;
  while (spent < seconds && !isSteady()) {
    for (const [subject, course] of courses) {
      let [requests, cpuUs] = [0, 0];
      while (requests < stepRequests && spent < seconds) {
        const warming = await serve(subject);
        requests += warming.requests;
        cpuUs += warming.cpuUs;
        spent += warming.seconds;
      }
      if (requests > 0) course.push(cpuUs / requests);
    }
  }
  return { courses, steady: isSteady() };
}

/** Whether the cheapest of the last steps is hardly cheaper than the cheapest before them. */
export function fallsNoFurther(course: readonly number[]): boolean {
  if (course.length <= PATIENCE) return false;
  const before = Math.min(...course.slice(0, -PATIENCE));
  return Math.min(...course.slice(-PATIENCE)) > before * (1 - GAIN_MIN);
}
