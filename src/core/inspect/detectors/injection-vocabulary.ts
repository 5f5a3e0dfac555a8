/**
 * Words by the part they play in an attack, not by attack. Several languages share a class, so one
 * chain serves all that order their words alike.
 */
export const INJECTION_VOCABULARY = {
  IGNORE: `ignore ignoring ignores disregard disregarding forget forgetting override overriding
    overrule bypass bypassing neglect discard dismiss drop unfollow nullify cancel
    ignora ignorad ignore ignorez ignorar ignoriere ignoriert ignorieren olvida olvide olvidar
    olvidad omite descarta oublie oubliez oublier vergiss vergessen vergesst missachte dimentica
    dimenticate ignorate tralascia esqueca esquecer desconsidere desconsiderar negeer vergeet
    zignoruj zapomnij pomin ignoruj игнорируй игнорируйте игнорировать проигнорируй забудь забудьте
    ігноруй ігноруйте забудьте abaikan lupakan ignorera glom unohda ignorér glem`,
  NOT: "not never don't dont no cannot can't won't longer stop cease refrain avoid ne nicht niet",
  FOLLOW: `follow obey heed comply adhere respect listen apply following obeying applying sigas
    apliques obedezcas suivez befolge befolgen`,
  FILL: `all any of the your our these those this that each every everything and to other from
    by for in on with a an completely entirely totally fully absolutely please just simply kindly
    both such as well also it its whatever you'd you've me us back been are were was had have i we you
    de del las los la el lo tus tu sus su todas todos toda todo le les des vos tes toutes tous ce
    ces alle allen aller die das den der dem deine deinen ihre meine tutte tutti le gli i tue tuoi
    as os suas seus minhas de bitte svp porfavor alla eerdere wszystkie wszelkie все всё всех свои твои эти эту на и
    semua`,
  ALL: "all every everything any entire whole todas todos toutes tous alle tutte tutti все",
  PRIOR: `previous previously prior above preceding earlier foregoing past former initial original
    existing current old before beforehand aforementioned last given received told written
    anteriores anterior previas previos precedentes precedente precedents precedentes vorherigen
    vorherige vorigen bisherigen obigen fruheren precedenti previo passadas vorige eerdere
    voorgaande poprzednie wczesniejsze предыдущие предыдущих прошлые прежние предыдущую попередні
    sebelumnya tidigare aiemmat tidligere onceki`,
  RULES: `instruction instructions directions directive directives prompt prompts rule rules
    guideline guidelines commands orders constraint constraints restriction restrictions policy
    policies programming training safeguards guardrails protocol protocols message messages
    context conversation request requests inputs tasks task safety ethics filters limitations
    instrucciones indicaciones reglas ordenes consignes regles ordres anweisungen anweisung regeln
    befehle vorgaben istruzioni regole instrucoes regras ordens instructies regels instrukcje
    polecenia zasady инструкции инструкций инструкцию указания правила команды інструкції instruksi
    perintah instruktioner ohjeet instruks talimatlari talimatlar kurallari`,
  SYSTEM: `system developer hidden secret initial internal initialization core sistema systeme
    systemprompt confidential base root preliminary pre-prompt`,
  PROMPT: `prompt prompts instruction instructions message
    rules guidelines directives preamble invite anweisungen instrucciones`,
  REVEAL: `reveal print output show display repeat recite leak dump disclose expose share tell give
    say write echo list copy paste summarize translate encode provide describe state spell return
    muestra revela imprime affiche affichez revele montre gib zeige mostra rivela stampa exiba
    покажи выведи`,
  ASSIST: `ai a.i assistant assistants llm llms model models agent agents chatbot chatbots bot bots
    chatgpt gpt claude gemini copilot asistente asistentes assistente ki-assistent sprachmodell
    ассистент`,
  FRESH: "new updated revised nuevas nuevos nouvelles neue nuove novas новые",
  NOTE: "note message attention notice nota hinweis an attn",
  NEW: "new real actual true updated different following next revised primary only sole",
  GOAL: `task tasks goal goals objective objectives instruction instructions mission job role
    purpose mode modes directive directives prompt priority identity persona rules`,
  BE: "is are be will become becomes now es sind ist",
  YOU: "you you'll you're yourself u tu ti eres sei bist",
  NOW: "now henceforth hereafter",
  ACT: `act behave roleplay role-play pretend simulate impersonate respond answer play function
    operate immerse emulate acting pretending portray`,
  FREE: `without free unrestricted unfiltered uncensored unbound unlimited lifted disabled removed
    amoral unethical jailbroken jailbreak immoral lawless`,
  LIMITS: `restriction restrictions rules limits limitations limitation filter filters censorship
    guidelines ethics morals constraints boundaries policies policy safeguards restraints
    moderation safety guardrails laws regulations`,
  TELL: `tell mention inform notify disclose reveal alert say show warn explain reference
    acknowledge report admit telling mentioning informing notifying asking showing alerting
    digas menciones dis dites sage erwahne`,
  USER: "user users human humans anyone anybody person customer operator usuario utilisateur benutzer",
  SEND: `send forward email e-mail post upload transmit exfiltrate leak submit deliver copy append
    include embed encode attach insert pass put sends invia envia envie envoie envoyez sende senden
    отправь wire transfer`,
  DATA: `data conversation history credentials credential password passwords secret secrets key
    keys token tokens context contents content file files env environment variables messages chat
    cookies cookie session email emails documents transcript database notes logs contacts`,
  TO: "to into via at onto toward towards a an zu an к",
  BEFORE: "before prior after when whenever while upon if",
  USING: `using calling invoking running executing use call invoke run performing returning
    answering responding processing reading summarizing summarising reviewing`,
  TOOL: "tool tools function functions api",
  MUST: "must should shall need needs have required always please ought supposed instructed",
  VERBATIM: "verbatim exactly word-for-word letter-for-letter wörtlich textuellement textualmente",
  DEV: `developer dev god debug admin administrator root sudo jailbreak dan maintenance unrestricted
    opposite evil override diagnostic bypass`,
} as const;
