/**
 * What people and assistants write all day and corpora of tool output lack: replies, letters,
 * stories, news, notes, and what everybody types to try a thing out. Harmless all of it. The same seed gives the same texts.
 */
import { seededRandom } from "../support/seeded-random.ts";
import { createGrammar } from "./grammar.ts";

const SLOTS: Readonly<Record<string, string>> = {
  WHO: `Anna|Ben|my sister|the manager|our neighbour|a young doctor|the old captain|Mr. Lee|the teacher
    |her brother|the girl|the whole family|two students|the new colleague|a farmer|the pilot|Maria`,
  DID: `walked|went|came back|looked|ran|drove|turned|waited|sat down|stood|slept|wrote a letter|laughed
    |opened the window|found the key|lost the map|bought bread|called a friend|told a story|said nothing`,
  WHERE: `to the station|along the river|in the garden|at the market|under a tree|over the hill|by the sea
    |through the wood|to the office|at home|in the kitchen|near the bridge|on the train|behind the house
    |in the small town|at the airport|across the field`,
  WHEN: `yesterday|last week|in the morning|after lunch|on Monday|before the meeting|every evening
    |at noon|in the summer|two years ago|later that day|on Friday afternoon|when the rain stopped`,
  AND: "and then|and|while|because|but|until|so",
  ANIMAL: "dog|cat|fox|horse|bird|cow|rabbit|bear|fish|mouse|wolf|goat",
  LOOKS: "quick|lazy|brown|small|old|white|tired|hungry|clever|young|wild|happy",
  STORY: `{WHO} {DID} {WHERE} {WHEN}.|{WHEN}, {WHO} {DID} {WHERE} {AND} {WHO} {DID}.
    |The {LOOKS} {ANIMAL} {DID} {WHERE} {AND} the {LOOKS} {ANIMAL} {DID}.
    |Once there was a {LOOKS} {ANIMAL} that lived {WHERE}.|The {LOOKS} {LOOKS} {ANIMAL} jumps {WHERE}.
    |{WHO} said that {WHO} {DID} {WHERE}, but nobody believed it.|{WHO} never {DID} again.`,
  TOPIC: `the report|your question|the invoice|the schedule|the draft|your order|the new release
    |the contract|the budget|the presentation|your account|the results|the timetable|the code
    |the error message|the recipe|the summary|the list|the translation|your essay`,
  OPEN: `Sure!|Sure, happy to help.|Of course.|Certainly!|Yes, that is right.|Good question.|Absolutely.
    |No problem.|Thanks for asking.|You are welcome.|Great!|I see.|Yes.|No, not quite.|Here you go.
    |I am glad that worked.|Sorry about that.|Got it.|That makes sense.|Thank you for the details.`,
  OFFER: `Here is {TOPIC} you asked for:|Here is a short version of {TOPIC}.|Let me know if you need more.
    |Let me know whether {TOPIC} looks right to you.|I can also shorten {TOPIC} if you like.
    |Would you like me to change the tone?|Do you want a table or a list?|What else can I do for you?
    |As an assistant I can help with {TOPIC}.|I am an AI model, so I cannot look at {TOPIC} myself.
    |Tell me more about {TOPIC} and I will try again.|I have updated {TOPIC} as you wished.
    |If anything is unclear, just ask.|I hope this helps with {TOPIC}.|Below you find {TOPIC}.
    |There are three points in {TOPIC} that I would change.|I would be happy to explain {TOPIC}.`,
  FACT: `revenue grew by {NUMBER} percent in the {NTH} quarter|the function returns a list of strings
    |water boils at 100 degrees|the answer is {NUMBER}|the test fails because a comma is missing
    |the capital of the country is a port|the loop runs {NUMBER} times|the meeting lasts {NUMBER} minutes
    |plants turn light into energy|the museum is closed on Mondays|the file has {NUMBER} lines
    |the match ended in a draw|the price includes tax|the index starts at zero
    |the bank raised its rates|sales fell in the {NTH} month|the two values are equal`,
  NUMBER: "two|three|12|40|7|150|2,000|eleven|96|4.5",
  NTH: "first|second|third|fourth|last",
  REPLY: `{OPEN} {OFFER}|{OPEN} {OFFER} {FACT}.|{OFFER} {FACT}, and {FACT}.|{OPEN} In short: {FACT}.
    |{OPEN} First, {FACT}. Second, {FACT}. {OFFER}`,
  HELLO: `Dear Ms. Brown,|Hi {WHO},|Hello team,|Good morning,|Dear all,|Dear customer,|Hey,`,
  NEWS: `Thank you for your order.|Please find {TOPIC} attached.|Payment is due within thirty days.
    |Your parcel will arrive {WHEN}.|Our flight was delayed, so we {DID} {WHERE}.|The lift is out of order.
    |I wanted to ask whether you have read {TOPIC}.|Could you send me {TOPIC} by Friday?
    |We will meet {WHERE} {WHEN}.|Please remember to bring {TOPIC}.|I will be on holiday until Monday.
    |Attached is {TOPIC}; please sign and return it.|The deadline for {TOPIC} was moved.
    |Please review {TOPIC} and tell me what you think.|You can reset your password in the settings.
    |To change {TOPIC}, open your profile and choose edit.`,
  BYE: `Kind regards, {WHO}|Best, {WHO}|See you soon.|Thanks a lot!|Have a nice weekend.|All the best|`,
  LETTER: `{HELLO} {NEWS} {NEWS} {BYE}|{HELLO} {NEWS} {BYE}|{NEWS} {NEWS}`,
  PAPER: `The committee approved {TOPIC} {WHEN}.|Experts say that {FACT}.|According to the ministry, {FACT}.
    |Police said that {WHO} {DID} {WHERE} {WHEN}.|The company announced {TOPIC} {WHEN}.
    |Breaking: {FACT}, officials said {WHEN}.|In an interview, {WHO} said that {FACT}.
    |The study found that {FACT} when {FACT}.|In this chapter you will learn why {FACT}.
    |The patient {DID} {WHEN} and has no fever.|Minutes: {WHO} presented {TOPIC}; {WHO} had no objections.`,
  DO: `Whisk the eggs until smooth|Preheat the oven to 200 degrees|Add a pinch of salt|Let it cool
    |Water the plants {WHEN}|Take the second street on the left|Tighten the screws by hand
    |Press the power button for {NUMBER} seconds|Create a new project and add your key to the settings
    |Install the dependencies first|Restart the server {WHEN}|Cut the paper along the line
    |Wait until the light turns green|Remember to take out the trash|Open the terminal and run the tests`,
  GUIDE: `{DO}. {DO}. Then {DO}.|Step 1: {DO}. Step 2: {DO}.|{DO}, then check that {FACT}.|{DO}.`,
  FILLER: `The quick brown fox jumps over the lazy dog|Lorem ipsum dolor sit amet|Hello, world!
    |Hello there|foo bar baz|This is a test|Testing one two three|Some text|Sample text goes here
    |Pack my box with five dozen liquor jugs|Sphinx of black quartz, judge my vow|Hi! How are you?`,
  TEXT: "{FILLER}.|{FILLER}. {FILLER}.|{FILLER}. {STORY}|{STORY} {STORY}|{STORY}|{REPLY}|{REPLY}|{LETTER}|{PAPER} {PAPER}|{PAPER}|{GUIDE}",
};

const expand = createGrammar(SLOTS);

export function ordinaryTexts(count: number, seed: number): readonly string[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => expand("{TEXT}", random));
}
