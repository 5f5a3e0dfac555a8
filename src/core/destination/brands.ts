/**
 * Names that look-alike addresses imitate, each with its owner's domains. Written by hand from what
 * the owners publish; no list of others was copied.
 */
import { MORE_BRANDS } from "./more-brands.ts";

/**
 * `name: domains`. A name with `~` is also a word, so it counts only as a whole label or token; one
 * with `^` stands in the names of its friends everywhere, so only what is nearly it counts.
 */
const BRANDS = `
paypal: paypal.com paypal.me paypalobjects.com
amazon: amazon.com amazon.co.uk amazon.de amazon.co.jp amazon.fr amazon.it amazon.es amazon.ca amazon.in amazon.com.au amazon.com.br amazon.com.mx amazon.nl amazon.se amazon.pl amazon.sg amazon.ae amazon.com.tr amazon.eg amazonaws.com amazon.dev amazon.jobs amazon.science amazonpay.com amazontrust.com aws.dev
google: google.com google.co.uk google.de google.co.jp google.fr google.it google.es google.ca google.co.in google.com.au google.com.br google.com.mx google.nl google.ch google.dev google.org googleapis.com googleblog.com googlesource.com googletagmanager.com google-analytics.com googlevideo.com googlemail.com withgoogle.com googleadservices.com googlesyndication.com
gmail: gmail.com
youtube: youtube.com youtube-nocookie.com
facebook: facebook.com facebook.net facebook.dev
instagram: instagram.com cdninstagram.com
whatsapp: whatsapp.com whatsapp.net
telegram: telegram.org telegram.me telegram-cdn.org telegram.dog
microsoft: microsoft.com microsoftonline.com microsoftonline-p.com microsoft.net visualstudio.com
office365: office.com office365.com office.net
outlook: outlook.com outlook.office.com
onedrive: onedrive.com onedrive.live.com
sharepoint: sharepoint.com
hotmail: hotmail.com
skype: skype.com
linkedin: linkedin.com licdn.com
netflix: netflix.com nflxvideo.net nflximg.net netflix.net netflixtechblog.com
spotify: spotify.com spotifycdn.com scdn.co atspotify.com
icloud: icloud.com icloud-content.com
appleid: apple.com
~apple: apple.com apple-cloudkit.com apple.news
itunes: itunes.com
dropbox: dropbox.com dropboxusercontent.com dropboxapi.com dropbox.tech
docusign: docusign.com docusign.net
adobe: adobe.com adobelogin.com adobe.io adobedtm.com
discord: discord.com discord.gg discordapp.com discordapp.net discord.media discordstatus.com discord.dev
steamcommunity: steamcommunity.com
steampowered: steampowered.com steamstatic.com
~steam: steampowered.com steamcommunity.com
roblox: roblox.com rbxcdn.com
twitch: twitch.tv twitchcdn.net
tiktok: tiktok.com tiktokcdn.com
snapchat: snapchat.com
pinterest: pinterest.com pinimg.com
reddit: reddit.com redd.it redditmedia.com redditstatic.com
twitter: twitter.com twimg.com
github: github.com github.io githubusercontent.com githubassets.com github.dev github.blog github.community githubstatus.com githubcopilot.com github.net
gitlab: gitlab.com gitlab.io gitlab-static.net gitlab.net
bitbucket: bitbucket.org bitbucket.io
openai: openai.com oaistatic.com oaiusercontent.com openai.org openai.fm
chatgpt: chatgpt.com
anthropic: anthropic.com
huggingface: huggingface.co hf.co hf.space
cloudflare: cloudflare.com cloudflare.net cloudflareinsights.com cloudflarestatus.com cloudflare-dns.com cloudflareworkers.com
docker: docker.com docker.io
npmjs: npmjs.com npmjs.org
coinbase: coinbase.com coinbase.dev
binance: binance.com binance.us binance.org
metamask: metamask.io
opensea: opensea.io
blockchain: blockchain.com blockchain.info
kraken: kraken.com
trustwallet: trustwallet.com
uniswap: uniswap.org
ledgerlive: ledger.com
trezor: trezor.io
kucoin: kucoin.com
bitfinex: bitfinex.com
wellsfargo: wellsfargo.com
bankofamerica: bankofamerica.com bofa.com
citibank: citibank.com citi.com
americanexpress: americanexpress.com
mastercard: mastercard.com mastercard.us
barclays: barclays.co.uk barclays.com
santander: santander.com santander.co.uk santander.es santander.com.br
lloydsbank: lloydsbank.com lloydsbank.co.uk
natwest: natwest.com
halifax: halifax.co.uk
creditagricole: credit-agricole.fr
societegenerale: societegenerale.com
bnpparibas: bnpparibas.com
deutschebank: deutsche-bank.de db.com
commerzbank: commerzbank.de
sparkasse: sparkasse.de
postbank: postbank.de
unicredit: unicredit.it unicredit.eu
intesasanpaolo: intesasanpaolo.com
capitalone: capitalone.com
hsbc: hsbc.com hsbc.co.uk hsbc.com.hk
~chase: chase.com jpmorganchase.com
revolut: revolut.com
stripe: stripe.com stripe.network stripe.dev
venmo: venmo.com
cashapp: cash.app
westernunion: westernunion.com
moneygram: moneygram.com
itau: itau.com.br
bradesco: bradesco.com.br
mercadolibre: mercadolibre.com mercadolivre.com.br mercadopago.com
alibaba: alibaba.com alibabacloud.com aliyun.com
aliexpress: aliexpress.com
taobao: taobao.com
rakuten: rakuten.co.jp rakuten.com
walmart: walmart.com
ebay: ebay.com ebay.co.uk ebay.de ebaystatic.com ebayimg.com
etsy: etsy.com
shopify: shopify.com shopify.dev myshopify.com shopifycdn.com
airbnb: airbnb.com
booking: booking.com
fedex: fedex.com
dhlexpress: dhl.com dhl.de
~dhl: dhl.com dhl.de
~usps: usps.com
~ups: ups.com
royalmail: royalmail.com
postnord: postnord.com
~correos: correos.es
yahoo: yahoo.com yahoo.co.jp yimg.com yahooapis.com
protonmail: proton.me protonmail.com
wordpress: wordpress.com wordpress.org
godaddy: godaddy.com
squarespace: squarespace.com
salesforce: salesforce.com salesforce.org
servicenow: servicenow.com
atlassian: atlassian.com atlassian.net
okta: okta.com oktacdn.com okta-emea.com
lastpass: lastpass.com
~1password: 1password.com 1password.eu 1password.ca
bitwarden: bitwarden.com
teamviewer: teamviewer.com
anydesk: anydesk.com
zendesk: zendesk.com
hubspot: hubspot.com
mailchimp: mailchimp.com
sendgrid: sendgrid.com sendgrid.net
twilio: twilio.com
datadog: datadoghq.com datadoghq.eu
verizon: verizon.com verizonwireless.com
comcast: comcast.com comcast.net xfinity.com
vodafone: vodafone.com vodafone.de vodafone.co.uk
telstra: telstra.com.au
epicgames: epicgames.com epicgames.dev
minecraft: minecraft.net
playstation: playstation.com playstation.net
nintendo: nintendo.com nintendo.net nintendo.co.jp
`;

export interface Brand {
  readonly name: string;
  /** Also an ordinary word or a short one. */
  readonly common: boolean;
  /** Its users name what they make after it. */
  readonly open: boolean;
  readonly domains: readonly string[];
}

export const BRAND_LIST: readonly Brand[] = `${BRANDS}${MORE_BRANDS}`
  .trim()
  .split(/\n+/)
  .map((line) => {
    const [name = "", domains = ""] = line.split(": ");
    const common = name.startsWith("~");
    const open = name.startsWith("^");
    return { name: name.replace(/^[~^]/, ""), common, open, domains: domains.split(" ") };
  });
