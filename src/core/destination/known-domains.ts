/**
 * Domains that are what they say: their owners have held them for years and nobody but them serves
 * content there. Written by hand from public knowledge, like `brands.ts`.
 */
import { BRAND_LIST } from "./brands.ts";

const ESTABLISHED = `
w3.org ietf.org rfc-editor.org iana.org icann.org unicode.org ecma-international.org whatwg.org
wikipedia.org wikimedia.org wiktionary.org archive.org mozilla.org mozilla.com firefox.com
python.org pypi.org pythonhosted.org nodejs.org rust-lang.org crates.io docs.rs golang.org go.dev
ruby-lang.org rubygems.org php.net perl.org cpan.org haskell.org java.com oracle.com openjdk.org
kotlinlang.org swift.org scala-lang.org dart.dev flutter.dev typescriptlang.org deno.land deno.com
bun.sh jsr.io yarnpkg.com pnpm.io unpkg.com jsdelivr.net cdnjs.com esm.sh
apache.org gnu.org kernel.org linux.org debian.org ubuntu.com canonical.com fedoraproject.org
redhat.com centos.org opensuse.org suse.com archlinux.org gentoo.org freebsd.org openbsd.org
kubernetes.io cncf.io helm.sh prometheus.io grafana.com grafana.net elastic.co mongodb.com
mongodb.org postgresql.org mysql.com mariadb.org redis.io redis.com sqlite.org nginx.org nginx.com
haproxy.org envoyproxy.io traefik.io hashicorp.com terraform.io vaultproject.io ansible.com
jenkins.io circleci.com travis-ci.org travis-ci.com travis-ci.io codecov.io coveralls.io snyk.io
sonarcloud.io shields.io badge.fury.io img.shields.io npm.im opencollective.com
stackoverflow.com stackexchange.com serverfault.com superuser.com askubuntu.com stackblitz.com
codesandbox.io codepen.io jsfiddle.net replit.com glitch.com vercel.com netlify.com heroku.com
digitalocean.com linode.com fly.io render.com railway.app supabase.com supabase.co firebase.com
azure.com azure.net windows.net windows.com live.com bing.com msn.com xbox.com aspnetcdn.com
gstatic.com youtu.be ytimg.com goo.gle chromium.org android.com blogger.com doubleclick.net
tensorflow.org pytorch.org kaggle.com arxiv.org doi.org acm.org ieee.org nature.com sciencemag.org
nih.gov nasa.gov noaa.gov cdc.gov usa.gov irs.gov gov.uk europa.eu who.int un.org
mit.edu stanford.edu berkeley.edu harvard.edu cmu.edu ox.ac.uk cam.ac.uk
bbc.co.uk bbc.com nytimes.com theguardian.com reuters.com bloomberg.com washingtonpost.com cnn.com
npr.org forbes.com wired.com theverge.com techcrunch.com arstechnica.com medium.com substack.com
ibm.com intel.com amd.com nvidia.com cisco.com dell.com hp.com sap.com vmware.com qualcomm.com
slack.com slack-edge.com zoom.us notion.so notion.site figma.com miro.com asana.com trello.com
monday.com linear.app airtable.com intercom.io intercom.com segment.com mixpanel.com amplitude.com
sentry.io newrelic.com pagerduty.com opsgenie.com honeycomb.io splunk.com logz.io
auth0.com jwt.io oauth.net openid.net letsencrypt.org digicert.com
mistral.ai cohere.com cohere.ai perplexity.ai groq.com replicate.com together.ai x.ai deepmind.com
meta.com fb.com threads.net messenger.com x.com vimeo.com soundcloud.com imdb.com quora.com
tumblr.com flickr.com imgur.com giphy.com unsplash.com gravatar.com wp.com disqus.com
cloudfront.net akamai.com akamai.net akamaized.net fastly.com fastly.net bootstrapcdn.com jquery.com
fontawesome.com typekit.net reactjs.org react.dev vuejs.org angular.io angular.dev svelte.dev
nextjs.org vitejs.dev vite.dev webpack.js.org rollupjs.org babeljs.io eslint.org prettier.io
jestjs.io vitest.dev playwright.dev cypress.io selenium.dev storybook.js.org tailwindcss.com
getbootstrap.com expressjs.com fastify.dev nestjs.com djangoproject.com palletsprojects.com
rubyonrails.org laravel.com symfony.com spring.io gradle.org maven.org jetbrains.com eclipse.org
vim.org neovim.io swagger.io openapis.org json-schema.org graphql.org grpc.io protobuf.dev
opentelemetry.io modelcontextprotocol.io langchain.com llamaindex.ai semver.org spdx.org
choosealicense.com opensource.org creativecommons.org contributor-covenant.org readthedocs.io
readthedocs.org gitbook.com gitbook.io sourceforge.net launchpad.net codeberg.org sr.ht
`;

export const ESTABLISHED_NAMES: readonly string[] = [
  ...ESTABLISHED.trim().split(/\s+/),
  ...BRAND_LIST.flatMap(({ domains }) => domains),
];

/** They lead anywhere, and say nowhere where. */
export const SHORTENERS: readonly string[] = (
  "bit.ly tinyurl.com t.co goo.gl ow.ly is.gd buff.ly rebrand.ly cutt.ly shorturl.at rb.gy tiny.cc " +
  "lnkd.in t.ly bl.ink s.id v.gd qr.ae soo.gd clck.ru vk.cc u.to urlz.fr linktr.ee shorte.st adf.ly " +
  "bc.vc ouo.io gg.gg b.link tr.im x.co po.st trib.al dlvr.it 1url.com yourls.org short.io dub.sh"
).split(" ");

/** Anyone may collect there what arrives, or fetch what somebody put there, without a name. */
export const COLLECTORS: readonly string[] = (
  "webhook.site requestbin.com requestbin.net pipedream.net ngrok.io ngrok.app ngrok-free.app " +
  "ngrok-free.dev burpcollaborator.net oastify.com oast.fun oast.pro oast.live oast.site oast.online " +
  "oast.me interact.sh interactsh.com dnslog.cn ceye.io canarytokens.com transfer.sh file.io 0x0.st " +
  "ix.io termbin.com paste.ee hastebin.com dpaste.org dpaste.com pastebin.com rentry.co controlc.com " +
  "ghostbin.com privatebin.net anonfiles.com bashupload.com gofile.io temp.sh catbox.moe tmpfiles.org " +
  "trycloudflare.com serveo.net loca.lt localtunnel.me localhost.run pagekite.me beeceptor.com " +
  "mockbin.org mocky.io hookbin.com requestcatcher.com webhookrelay.com postb.in ptsv2.com ptsv3.com " +
  "eo1pkzqhjr3kwsa.m.pipedream.net xss.ht bxss.me requestrepo.com"
).split(" ");

/** Names that anyone points at any machine. */
export const DYNAMIC_NAMES: readonly string[] = (
  "duckdns.org no-ip.org no-ip.com no-ip.biz no-ip.info ddns.net hopto.org zapto.org sytes.net " +
  "myftp.org serveftp.com servehttp.com redirectme.net dyndns.org dyn-dns.net changeip.co changeip.com " +
  "changeip.net dns-dynamic.net dnsalias.com homeip.net ddnsking.com bounceme.net 3utilities.com " +
  "gotdns.ch mooo.com chickenkiller.com crabdance.com dynu.net freeddns.org linkpc.net publicvm.com " +
  "webredirect.org kozow.com accesscam.org camdvr.org giize.com loseyourip.com ooguy.com theworkpc.com " +
  "dedyn.io freemyip.com jumpingcrab.com servegame.com myvnc.com serveblog.net servebeer.com " +
  "servepics.com servequake.com servecounterstrike.com serveminecraft.net servemp3.com serveirc.com " +
  "serveexchange.com serveuser.com myddns.me ddns.me ddns.info ddns.name ddns.mobi gotdns.com dnsdojo.org " +
  "is-a-geek.com is-a-geek.org homelinux.com homelinux.org homeunix.com homeunix.org dyndns.biz " +
  "dyndns.info dyndns.tv dyndns.ws selfip.com selfip.net selfip.org blogdns.com blogdns.net " +
  "dnsalias.net dnsalias.org gotdns.org podzone.net twilightparadox.com ignorelist.com strangled.net " +
  "mine.nu dynv6.net dynv6.com nsupdate.info spdns.de spdns.eu ddnss.de dynamic-dns.net " +
  "dns04.com dns05.com dsmtp.com 1dumb.com 25u.com 4dq.com 4pu.com almostmy.com authorizeddns.net " +
  "bigmoney.biz b0tnet.com dumb1.com dynssl.com dynserv.org edns.biz ezua.com faqserv.com fartit.com " +
  "gr8domain.biz gr8name.biz itemdb.com itsaol.com jetos.com jkub.com jungleheart.com justdied.com " +
  "lflink.com lflinkup.com longmusic.com mefound.com misecure.com moneyhome.biz mrbasic.com mrbonus.com " +
  "mrface.com mrslove.com my03.com mydad.info mynumber.org mypicture.info mypop3.net mysecondarydns.com " +
  "mywww.biz myz.info ninth.biz ns01.biz ns02.biz ns1.name ns2.name onedumb.com onmypc.biz onmypc.net " +
  "organiccrap.com otzo.com port25.biz proxydns.com qhigh.com qpoe.com rebatesrule.net sendsmtp.com " +
  "sexidude.com sixth.biz squirly.info ssl443.org toh.info toythieves.com trickip.net trickip.org vizvaz.com " +
  "wikaba.com wwwhost.biz x24hr.com xxuz.com xxxy.biz xxxy.info youdontcare.com yourtrap.com zyns.com zzux.com"
).split(" ");

/** Names whose labels are an address: `127.0.0.1.nip.io`. */
export const ADDRESS_NAMES: readonly string[] = (
  "nip.io sslip.io xip.io cloud-xip.io localtest.me lvh.me vcap.me lacolhost.com yoogle.com " +
  "traefik.me backname.io ip.addr.tools 1u.ms rbndr.us nip.lol local-ip.co local-ip.sh localhost.direct " +
  "localh.st localho.st localdev.me fuf.me smackaho.st bugbounty.dod.network spoofed.burpcollaborator.net " +
  "rebind.network rebind.it rebind.ceye.io"
).split(" ");

/** Registries where most of what is reported as fraud is registered. */
export const RISKY_SUFFIXES: readonly string[] = (
  "tk ml ga cf gq buzz top xyz icu cam rest click bar monster quest sbs cyou zip mov club live online " +
  "site store shop website space fun pw win bid loan men work party review trade date download racing " +
  "stream accountant science faith cricket gdn vip lol beauty hair skin makeup cfd bond rocks surf " +
  "support center info biz su cc ws life world today best cm om"
).split(" ");

/** Names that are never out in the world, and all below them. */
export const INSIDE_SUFFIXES: readonly string[] =
  "localhost local internal intranet lan corp home private localdomain svc home.arpa consul nomad".split(
    " ",
  );

/** Where clouds and clusters serve credentials. */
export const METADATA_HOSTS: readonly string[] = (
  "metadata metadata.google metadata.google.internal metadata.goog metadata.azure " +
  "metadata.azure.com metadata.azure.internal metadata.tencentyun.com " +
  "metadata.platformequinix.com metadata.packet.net instance-data instance-data.ec2.internal " +
  "kubernetes kubernetes.default kubernetes.default.svc kubernetes.default.svc.cluster.local " +
  "kubernetes.default.cluster.local rancher-metadata metadata.oraclecloud.com " +
  "api.metadata.cloud.ibm.com api.service.softlayer.com metadata.vultr.com"
).split(" ");

/** Names that containers of one network give each other. */
export const SERVICE_HOSTS: readonly string[] = (
  "redis memcached vault consul etcd elasticsearch opensearch kibana mongo mongodb postgres postgresql " +
  "mysql mariadb rabbitmq kafka zookeeper grafana prometheus alertmanager jenkins nexus artifactory " +
  "kubelet minio docker dockerd sonarqube keycloak airflow superset jupyter portainer traefik rancher " +
  "nomad db database cassandra clickhouse influxdb neo4j couchdb solr namenode logstash " +
  "ip6-localhost ip6-loopback broadcasthost"
).split(" ");
