/** Further rows of `brands.ts`: devices, shops, carriers, banks, games, and what programmers use. */
export const MORE_BRANDS = `
samsung: samsung.com samsungcloud.com samsungknox.com samsungapps.com samsungsds.com samsungelectronics.com samsung.net
huawei: huawei.com huaweicloud.com huawei.eu
xiaomi: xiaomi.com xiaomi.eu xiaomi.cn
nvidia: nvidia.com nvidiagrid.net nvidia.cn
vmware: vmware.com
lenovo: lenovo.com lenovo.cn
logitech: logitech.com logitechg.com
~sony: sony.com sony.net sony.co.jp sonymusic.com sonypictures.com
~intel: intel.com
~oracle: oracle.com oraclecloud.com
~cisco: cisco.com
~slack: slack.com slack-edge.com slack.dev
~zoom: zoom.us zoom.com
~notion: notion.so notion.com notion.site
~figma: figma.com
~asana: asana.com
~sentry: sentry.io
~lyft: lyft.com
~canva: canva.com
~wise: wise.com transferwise.com
~target: target.com
~orange: orange.fr orange.com orange.es
~tesla: tesla.com
~nike: nike.com
~visa: visa.com visa.co.uk
~uber: uber.com ubereats.com
~ikea: ikea.com
~lidl: lidl.com lidl.de lidl.co.uk lidl.fr
~tesco: tesco.com tescobank.com
~fidelity: fidelity.com fidelity.co.uk
~vanguard: vanguard.com vanguardinvestor.co.uk
~schwab: schwab.com
~emirates: emirates.com
~office: office.com office.net
~ledger: ledger.com
~bybit: bybit.com
~okx: okx.com
~zelle: zellepay.com
~ubs: ubs.com
~bbva: bbva.com bbva.es bbva.mx
webex: webex.com
trello: trello.com
evernote: evernote.com
wetransfer: wetransfer.com
surveymonkey: surveymonkey.com
typeform: typeform.com
~intuit: intuit.com
quickbooks: quickbooks.com intuit.com
turbotax: turbotax.com intuit.com
xfinity: xfinity.com
costco: costco.com costco.co.uk costco.ca
bestbuy: bestbuy.com bestbuy.ca
homedepot: homedepot.com homedepot.ca
walgreens: walgreens.com
wayfair: wayfair.com wayfair.ca wayfair.co.uk wayfair.de
zalando: zalando.de zalando.com zalando.fr zalando.it zalando.es zalando.nl zalando.pl zalando.ch zalando.at zalando.be zalando.se zalando.co.uk
flipkart: flipkart.com
lazada: lazada.com lazada.sg lazada.vn lazada.co.th lazada.com.my lazada.com.ph lazada.co.id
shopee: shopee.com shopee.sg shopee.vn shopee.co.id shopee.com.br shopee.co.th shopee.com.my shopee.ph shopee.tw
tencent: tencent.com tencentcloud.com tencentyun.com tencentcs.com
wechat: wechat.com
doordash: doordash.com
expedia: expedia.com expedia.co.uk expedia.de expediagroup.com
tripadvisor: tripadvisor.com tripadvisor.co.uk tripadvisor.de tripadvisor.fr tripadvisor.it tripadvisor.es
ryanair: ryanair.com
easyjet: easyjet.com
lufthansa: lufthansa.com lufthansagroup.com lufthansa-technik.com
toyota: toyota.com toyota.de toyota.co.jp toyota.eu toyota.co.uk toyota-europe.com
adidas: adidas.com adidas.de adidas.co.uk adidas-group.com
exxonmobil: exxonmobil.com
pfizer: pfizer.com
vodacom: vodacom.co.za
~telekom: telekom.de telekom.com
swisscom: swisscom.ch swisscom.com
swisspost: swisspost.ch post.ch
laposte: laposte.fr laposte.net
deutschepost: deutschepost.de
canadapost: canadapost.ca canadapost-postescanada.ca
auspost: auspost.com.au
rabobank: rabobank.nl rabobank.com
abnamro: abnamro.nl abnamro.com
caixabank: caixabank.es caixabank.com
bancosantander: bancosantander.es santander.com
nordea: nordea.com nordea.fi nordea.se nordea.dk nordea.no
swedbank: swedbank.se swedbank.com swedbank.ee swedbank.lv swedbank.lt
danskebank: danskebank.dk danskebank.com danskebank.no danskebank.fi danskebank.se
raiffeisen: raiffeisen.ch raiffeisen.at raiffeisen.com raiffeisen.ru raiffeisen.hu raiffeisen.ro
postfinance: postfinance.ch
creditsuisse: credit-suisse.com
comdirect: comdirect.de
volksbank: volksbank.de volksbank.at
labanquepostale: labanquepostale.fr
caissedepargne: caisse-epargne.fr
boursorama: boursorama.com boursobank.com
scotiabank: scotiabank.com
desjardins: desjardins.com
westpac: westpac.com.au westpac.co.nz
nubank: nubank.com.br
banorte: banorte.com
sberbank: sberbank.ru sberbank.com
tinkoff: tinkoff.ru
hdfcbank: hdfcbank.com
icicibank: icicibank.com
paytm: paytm.com paytm.in
phonepe: phonepe.com
robinhood: robinhood.com
coinmarketcap: coinmarketcap.com
coingecko: coingecko.com
pancakeswap: pancakeswap.finance
bitstamp: bitstamp.net
bitpanda: bitpanda.com
bitpay: bitpay.com
etoro: etoro.com
klarna: klarna.com
payoneer: payoneer.com
skrill: skrill.com
digitalocean: digitalocean.com
heroku: heroku.com herokuapp.com herokussl.com herokudns.com
vercel: vercel.com vercel.app vercel.dev vercel-dns.com vercel-insights.com
netlify: netlify.com netlify.app
supabase: supabase.com supabase.co supabase.in
~hostinger: hostinger.com
namecheap: namecheap.com
fastmail: fastmail.com fastmail.fm
tutanota: tutanota.com tuta.com
nordvpn: nordvpn.com
expressvpn: expressvpn.com
protonvpn: protonvpn.com
mcafee: mcafee.com
avast: avast.com
kaspersky: kaspersky.com kaspersky.ru
malwarebytes: malwarebytes.com
bitdefender: bitdefender.com
crowdstrike: crowdstrike.com
deepseek: deepseek.com
midjourney: midjourney.com
elevenlabs: elevenlabs.io
disneyplus: disneyplus.com disney.com
hulu: hulu.com
crunchyroll: crunchyroll.com
onlyfans: onlyfans.com
fortnite: fortnite.com epicgames.com
riotgames: riotgames.com
battlenet: battle.net blizzard.com
blizzard: blizzard.com
ubisoft: ubisoft.com ubi.com
csgoroll: csgoroll.com
skinport: skinport.com
^python: python.org
^pypi: pypi.org pypi.io
^nodejs: nodejs.org nodejs.dev nodejs.cn
^mozilla: mozilla.org mozilla.com mozilla.net
^firefox: firefox.com firefox.org
^wikipedia: wikipedia.org
^wikimedia: wikimedia.org wmflabs.org
^ubuntu: ubuntu.com ubuntu.org
^debian: debian.org debian.net
^archlinux: archlinux.org
^rubygems: rubygems.org
^golang: golang.org
^kubernetes: kubernetes.io
^grafana: grafana.com grafana.net grafana.org
^mongodb: mongodb.com mongodb.org mongodb.net
^postgresql: postgresql.org
^hashicorp: hashicorp.com
^terraform: terraform.io
^jetbrains: jetbrains.com jetbrains.space
^stackoverflow: stackoverflow.com stackoverflow.blog stackoverflow.email
^stackexchange: stackexchange.com
^sourceforge: sourceforge.net sourceforge.io
^pytorch: pytorch.org
^tensorflow: tensorflow.org
^kaggle: kaggle.com kaggleusercontent.com
^jsdelivr: jsdelivr.net jsdelivr.com
^typescript: typescriptlang.org
^wireshark: wireshark.org
^virtualbox: virtualbox.org
^filezilla: filezilla-project.org
^keepass: keepass.info keepassxc.org
^notepadplus: notepad-plus-plus.org
^libreoffice: libreoffice.org
`;
