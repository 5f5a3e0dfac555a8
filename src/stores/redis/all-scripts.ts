import { ASSIGN, BALANCES, CHARGE, HOLDS_ON, LIST, MEET, RESTORE } from "./balance-scripts.ts";
import { RESERVE, RESIZE, SETTLE } from "./budget-scripts.ts";
import {
  COUNT_ENTRIES,
  ENTRY_CHANGES,
  ENTRY_NAMED,
  GET_ENTRY,
  LIST_ENTRIES,
  PRUNE_ENTRIES,
  TELL_ENTRIES,
  WRITE_ENTRIES,
} from "./entry-scripts.ts";
import {
  CARRY_STATE,
  CLAIM_SESSION,
  FORGET_SESSION,
  GIVE_STATE,
  MAY_BRING_STATE,
  READ_CLIENT,
  WRITE_SESSION,
} from "./mcp-scripts.ts";
import { END, RENEW, TAKE } from "./rate-scripts.ts";
import {
  ADD_TENANT,
  CHANGE_REVIEW,
  FIND_OVERRIDE,
  FIND_REVIEW,
  LIST_REVIEWS,
  REQUEST_REVIEW,
  TENANTS,
  UNATTENDED_REVIEWS,
} from "./review-scripts.ts";
import { ADD_MARKS, CLEAR_MARKS, READ_MARKS } from "./session-scripts.ts";
import { CHANGE_TASK, FIND_TASK, LIST_TASKS, OPEN_TASK } from "./task-scripts.ts";
import type { RedisScript } from "./redis-script.ts";

/** Loaded into every server that is met, so that no call has to send its text first. */
export const ALL_SCRIPTS: readonly RedisScript[] = [
  [RESERVE, RESIZE, SETTLE],
  [BALANCES, LIST, HOLDS_ON, ASSIGN, CHARGE, MEET, RESTORE],
  [TAKE, END, RENEW],
  [REQUEST_REVIEW, CHANGE_REVIEW, FIND_REVIEW, LIST_REVIEWS, FIND_OVERRIDE, UNATTENDED_REVIEWS],
  [ADD_TENANT, TENANTS],
  [READ_MARKS, ADD_MARKS, CLEAR_MARKS],
  [WRITE_ENTRIES, TELL_ENTRIES, GET_ENTRY, ENTRY_NAMED, LIST_ENTRIES],
  [COUNT_ENTRIES, PRUNE_ENTRIES, ENTRY_CHANGES],
  [WRITE_SESSION, CLAIM_SESSION, READ_CLIENT, FORGET_SESSION],
  [GIVE_STATE, MAY_BRING_STATE, CARRY_STATE],
  [OPEN_TASK, CHANGE_TASK, FIND_TASK, LIST_TASKS],
].flat();
