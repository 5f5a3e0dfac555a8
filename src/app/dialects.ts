/** A dialect is its folder and its line here. */
export { haldir } from "../dialects/haldir/haldir.ts";
export { sanction } from "../dialects/sanction/sanction.ts";
