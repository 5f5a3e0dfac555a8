/** Words and names of others that are nearly a brand, or begin like one. */
export const HONEST_NAMES: ReadonlySet<string> = new Set(
  (
    "abode adobo adore amazona amazonas amazone amazonia amazons ample apelle appel applehelp " +
    "apples applet applied apply arrays asana asian askpass balance barclay barras billard " +
    "billiard bookings canvas canvass capitale capitalize capitals case cases cava century chased " +
    "chasen chave chose cinco cloud command cooking coreos correo credit debiman deeper digitale " +
    "digitales digitally discard discards discordian docked dockerfile dockers donker electric " +
    "electro electron email estimation expression facet fastapi fastmap fidelitas finance finna " +
    "firma fornire forniti fornito fortinet fortunate gmails going grafana grail grange hosting " +
    "inte intel inter interest interests intern intl intuitive inuit keepassx krakend krill leder " +
    "ledgers leger libopenal linked logisch looking macbook mayfair metaclass metamath mobile " +
    "motion nation netmask nevernote nikon nodes norden notions officer officers offices openal " +
    "openapi opengl opense opensearch opensearches opensearching openseas openset opensta orage " +
    "orang oranges overdrive packages packaging password passwords pinecrest pioneer postgres " +
    "postman postmark remote revolt revolution revolutions schwan schwarb sentra shoppe skill " +
    "skills slick slicks snack snapcast snapshot spidermonkey square squared squares stack stacks " +
    "standard standards steal steams stem stream streams stribe strife strike strip striped " +
    "stripes strips strive style swissprot switch targets tela telecom telecoms telegraf tesser " +
    "testa testo tiktoken toktok transfer treino trellis tremor treno trevor tunes twatch twister " +
    "twitcher twittering uber user vagrant visa visas weber webext weechat westerhuis wide " +
    "winbase wire wish witch wives yahoos zeile"
  ).split(" "),
);
