/** Words and names of others that are nearly a brand, or begin like one. */
export const HONEST_NAMES: ReadonlySet<string> = new Set(
  (
    "apply applied ample appel apples applet apelle applehelp adobo adore abode email grail style strike " +
    "strip strips striped stripes strife strive stribe cloud tunes witch switch twatch twister twitcher " +
    "skill skills krill deeper facet going grafana gmails discard discards discordian tremor trevor treno " +
    "treino trellis norden shoppe opengl openapi openal opensta openset opense opensearch opensearches " +
    "openseas opensearching libopenal password passwords packages packaging command mobile linked square " +
    "squares squared interest interests snapshot snapcast postmark postgres expression vagrant fortinet " +
    "fortunate hosting electric electron electro pioneer telecom telecoms revolution revolutions revolt " +
    "intuitive tiktoken toktok amazons amazonas amazona amazone amazonia bookings dockerfile dockers docked " +
    "donker debiman keepassx nodes postman barclay nevernote spidermonkey overdrive fastapi fastmap metaclass " +
    "swissprot weechat metamath barras westerhuis pinecrest logisch digitally finance balance cooking looking " +
    "credit capitale capitals capitalize telegraf krakend zeile twittering standard standards mayfair"
  ).split(" "),
);
