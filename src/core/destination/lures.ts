/** Words that make a name look like a place to sign in, pay or win something. */
export const LURES = new Set(
  (
    "login logon signin signup sign verify verification secure security account accounts update " +
    "updates support billing confirm confirmation wallet airdrop gift gifts nitro free bonus reward " +
    "rewards prize unlock suspended recover recovery auth webmail password bank banking invoice refund " +
    "claim promo service services customer client id online web portal access mail team help event " +
    "shop store market pay payment sms alert notice safety official app download clone page"
  ).split(" "),
);

export function luresIn(host: string): number {
  return host.split(/[.-]/).filter((token) => LURES.has(token)).length;
}
