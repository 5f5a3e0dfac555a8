/**
 * What signatures are called, by detector: for whoever names them, as exceptions of policies do. A
 * test holds this list against the sources. A star stands for what only a list or a text knows; in
 * findings a name may be followed by `-sample`, by what it was hidden in (`-in-base64`), and the
 * names of several doubts about an address are joined by `+`.
 */
const NAMES = {
  injection: `
    ai-directive classifier conceal credential-file disguised-alphabet disguised-between-letters
    disguised-direction encoded-assistant encoded-credentials encoded-developer-mode
    encoded-disregard encoded-ignore encoded-instructions encoded-override encoded-password
    encoded-previous encoded-reveal encoded-secret encoded-system-prompt exfiltrate
    exfiltration-markup fake-role forged-tool-call from-now-on haha-pwned hidden-comment
    hidden-instructions hidden-tag-characters hidden-variation-selectors jailbreak-persona
    new-instructions new-task no-limits override-everything override-instructions
    override-reversed override-rules persona prompt-leak reveal-secrets role-flood spelled-out
    stop-everything to-the-assistant tool-precondition verbatim you-are-now`,
  secret: `
    adafruit-key adobe-secret age-secret-key airtable-token aiven-password aiven-token
    alchemy-key alibaba-key ansible-vault anthropic-key apify-token artifactory-key asana-token
    assigned-password assigned-secret atlas-secret atlassian-token aws-access-key
    aws-bedrock-key aws-bedrock-session-key aws-marketplace-key aws-secret-key aws-session-token
    axiom-token azure-client-secret azure-devops-token azure-key azure-search-key
    azure-signature baidu-key basic-login bearer-token bitbucket-server-token braintree-token
    brevo-key brevo-smtp-key brex-token browserbase-key buildkite-token calcom-key call-password
    cartesia-key cerebras-key chargebee-key checkly-key checkout-key circleci-token
    clickhouse-key clickup-token clojars-token close-key cloudflare-origin-key cloudflare-token
    cluster-join-token cockroach-key codefresh-token codesandbox-token cohere-key command-login
    command-password composio-key configcat-key confluent-key connection-string contentful-token
    courier-key coze-token crates-token cursor-key databricks-secret databricks-token dbt-token
    deno-token dify-key digitalocean-token discord-token discord-webhook discourse-key
    django-key docker-token doppler-token dropbox-token duffel-token dynatrace-token e2b-key
    easypost-token elastic-key elevenlabs-key exa-key facebook-app-token facebook-token
    figma-token firebase-key firecrawl-key fireworks-key flutterwave-key fly-token frameio-token
    friendli-token github-app-token github-fine-grained-token github-token gitlab-runner-token
    gitlab-token google-api-key google-auth-key google-oauth-secret google-oauth-token
    google-refresh-token google-storage-key grafana-api-key grafana-service-token grafana-token
    groq-key harness-key helicone-key heroku-key hex-token honeycomb-key hubspot-token
    huggingface-token hyperbrowser-key ifttt-webhook infisical-token infracost-key inngest-key
    instagram-token intercom-token jfrog-token jina-key jwt klarna-key klaviyo-key labelled-key
    labelled-password lago-key langfuse-key langsmith-key laravel-key launchdarkly-key
    linear-key linkedin-secret llamaindex-key lob-key lob-public-key mailchimp-key
    mailersend-token mailgun-key mailgun-public-key mandrill-key mapbox-token mem0-key
    mercadopago-token mercury-token midtrans-key modal-token model-key n8n-key neon-token
    netlify-token netrc-password newrelic-key newrelic-license nexus-token ngrok-key ngrok-token
    nomic-key nostr-key notion-secret notion-token novu-key npm-token nuget-key nvidia-key
    octopus-key okta-token omise-key onepassword-secret-key onepassword-token onesignal-key
    onfido-token openai-key openai-session openrouter-key openshift-token packagist-token
    paddle-key pagerduty-key password-hash perplexity-key persona-key pinecone-key
    pinterest-token plane-key planetscale-service-token planetscale-token polar-token
    portkey-key posthog-key postman-key prefect-token private-key pubnub-key pulumi-token
    pypi-token rapidapi-key razorpay-key readme-key render-token replicate-token resend-key
    retool-token rootly-key rubygems-key runpod-key salesforce-session scaleway-key
    scalingo-token segment-token sendgrid-key sentry-token session-cookie settlemint-token
    shippo-token shopify-token slack-app-token slack-token slack-webhook snyk-token sonar-token
    sourcegraph-token square-token stackhawk-key stainless-key statsig-key stripe-key
    stytch-secret supabase-secret supabase-token tailscale-key tavily-key teams-webhook
    telegram-token telnyx-key tencent-key terraform-token test-key together-key told-password
    trello-token trigger-key twilio-key twitch-token twitter-bearer typeform-token ubidots-token
    unleash-token vault-token vercel-blob-token vercel-token volcengine-key voyage-key
    wakatime-key wallet-key wallet-phrase wallet-phrase-sample wandb-key webhook-secret
    wireless-key woocommerce-key workos-key xai-key xata-token xendit-key yandex-key
    yandex-session-token yandex-storage-key yandex-token zapier-webhook zep-key zuplo-key`,
  pii: `
    address ae-emirates-id ar-cuit at-svnr au-abn au-acn au-medicare au-tfn baltic-personal-code
    be-national bg-egn br-cnpj br-cpf ca-sin card-number ch-ahv cl-rut cn-resident-id co-nit
    cz-birth-number de-health-insurance de-pension de-tax-id dk-cpr do-cedula ec-cedula eg-id
    es-nie es-nif fi-hetu fr-nir gr-amka hk-id hu-taj iban id-nik in-aadhaar in-gstin in-pan
    ip-address is-kennitala it-fiscal-code it-vat jmbg jp-my-number kr-business kr-rrn kz-iin
    lu-matricule lv-personal-code mx-curp mx-rfc my-nric named-person nl-bsn no-fodselsnummer
    nz-ird passport pe-ruc phone-number pk-cnic pl-pesel pt-nif ro-cnp ru-inn ru-snils sa-id
    se-personnummer th-id tw-id ua-rnokpp uk-driving-licence uk-nhs uk-nino uk-utr us-dea
    us-itin us-mbi us-npi us-ssn uy-ci za-id`,
  exploit: `
    active-element breakout chained-command character-codes cloud-destruction cloud-foothold
    code-execution code-in-store column-probing comment-tail cookie-theft cover-tracks
    credential-file crypto-miner cut-path decoded-to-shell disable-defence disguised-address
    disguised-path disk-overwrite dotnet-object entity-expansion environment-leak escaping-path
    event-handler expression-language external-doctype external-entity fetch-then-run
    file-upload fork-bomb gadget-class header-injection hidden-script inclusion
    inline-comment-evasion java-object ldap-filter living-off-the-land lookup-injection
    node-function obfuscated-command object-graph operator-in-parameter operator-in-value
    persistence php-code php-object pickle pipe-to-shell placeholder-path powershell-download
    powershell-encoded privilege-escalation proof-of-script prototype-pollution recursive-delete
    remote-stylesheet reverse-shell schema-probing script-address script-element
    server-side-include server-side-script shell-of-fetched shellshock stacked-statement
    store-destruction stream-wrapper style-script stylesheet-call subquery substituted-command
    substituted-upload system-file system-stop tautology template-arithmetic template-directive
    template-expression template-object time-based union-select windows-destruction yaml-object`,
  destination: `
    address-in-name address-in-zone address-link_local address-loopback address-metadata
    address-multicast address-private address-reserved address-shared address-unspecified
    ambiguous-authority bare-address blocked-by-list brand-at-glance brand-in-name
    brand-in-subdomain brand-on-shared-host collector confusable-name dynamic-name
    hidden-service host-in-user inside-name listed-by-* long-name lure-word lure-words
    many-levels metadata-host misspelt-name obfuscated-address odd-port payload-in-name
    payload-in-parameter payload-in-path program random-name rented-machine risky-suffix
    scheme-* shared-host shortener`,
  behaviour: `
    above-100-usd above-usual cycle first-use forbidden-* many-a-minute many-calls many-names
    many-targets memory-overwritten memory-reversed same-call same-error same-name`,
} as const;

/** By the family of detectors that finds them. */
export const SIGNATURE_NAMES: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries(NAMES).map(([family, names]) => [family, names.trim().split(/\s+/)]),
);
