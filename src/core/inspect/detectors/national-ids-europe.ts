/** National identifiers of Europe. */
import {
  elevenCheck,
  isMonthDay,
  iso7064Mod11Of10,
  luhn,
  remainder,
  weighted,
} from "./check-digits.ts";
import type { NationalIdRows } from "./national-id.ts";
import * as check from "./national-id-checks.ts";

const WESTERN_EUROPE: NationalIdRows = {
  "uk-nino": {
    layouts: "AA999999A, AA 99 99 99 A, AA-99-99-99-A, AA 999999 A, AA 999999A",
    words: "national insurance, nino",
    alone: 80,
    valid: (code) =>
      /^(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z].{6}[A-D]$/.test(code),
  },
  "uk-nhs": {
    layouts: "999 999 9999, 999-999-9999",
    bare: "9999999999",
    words: "nhs",
    alone: 70,
    valid: (code) => elevenCheck(code, [10, 9, 8, 7, 6, 5, 4, 3, 2], -1),
  },
  "uk-driving-licence": {
    layouts:
      "AAAAA999999AA9AA, AAAA9999999AA9AA, AAA99999999AA9AA, AA999999999AA9AA, " +
      "AAAAA999999A99AA, AAAA9999999A99AA",
    words: "licence, dvla",
    alone: 80,
    valid: check.isDvla,
  },
  "es-nif": {
    layouts: "99999999A, 99999999-A, 9999999A, 9999999-A",
    words: "dni, nif",
    alone: 75,
    valid: check.isDni,
  },
  "es-nie": {
    layouts: "A9999999A, A9999999-A, A-9999999-A",
    words: "nie, extranjero",
    alone: 80,
    valid: check.isNie,
  },
  "it-fiscal-code": {
    layouts: "AAAAAA99A99A999A",
    words: "codice fiscale",
    alone: 80,
    valid: (code) => /^.{8}[ABCDEHLMPRST](?:[04][1-9]|[1256]\d|[37][01])/.test(code),
  },
  "fr-nir": {
    layouts: "9 99 99 99 999 999 99",
    bare: "999999999999999, 9999999999999 99",
    words: "nir, sécurité sociale, securite sociale, insee",
    alone: 85,
    valid: check.isNir,
  },
  "de-tax-id": {
    layouts: "99 999 999 999",
    bare: "99999999999",
    words: "steuer, idnr",
    alone: 75,
    valid: (code) => !code.startsWith("0") && iso7064Mod11Of10(code),
  },
  "de-pension": {
    layouts: "99 999999 A 999, 99999999A999",
    words: "versicherungsnummer, rvnr",
    alone: 70,
    valid: (code) => isMonthDay(code, 4, 2),
  },
  "nl-bsn": {
    layouts: "9999.99.999",
    bare: "999999999",
    words: "bsn, burgerservice, sofi",
    alone: 65,
    valid: (code) => weighted(code, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 === 0,
  },
  "be-national": {
    layouts: "99.99.99-999.99",
    bare: "99999999999",
    words: "rijksregister, registre national",
    alone: 85,
    valid: check.isBelgian,
  },
  "ch-ahv": {
    layouts: "999.9999.9999.99",
    bare: "9999999999999",
    words: "ahv, avs, sozialversicherung",
    alone: 90,
    valid: (code) => code.startsWith("756") && check.ean13(code),
  },
  "at-svnr": {
    layouts: "9999 999999",
    bare: "9999999999",
    words: "svnr, sozialversicherung",
    alone: 55,
    valid: (code) =>
      isMonthDay(code, 6, 4) &&
      weighted(code, [3, 7, 9, 0, 5, 8, 4, 2, 1, 6]) % 11 === Number(code.charAt(3)),
  },
  "pt-nif": {
    layouts: "999 999 999",
    bare: "999999999",
    words: "contribuinte, nif",
    alone: 50,
    valid: (code) => /^[1235689]/.test(code) && elevenCheck(code, [9, 8, 7, 6, 5, 4, 3, 2], 0),
  },
  "ie-pps": { layouts: "9999999A, 9999999AA", words: "pps", alone: 65, valid: check.isPps },
};

const NORTH_AND_EAST_EUROPE: NationalIdRows = {
  "se-personnummer": {
    layouts: "999999-9999, 99999999-9999",
    bare: "9999999999",
    words: "personnummer",
    alone: 70,
    valid: check.isPersonnummer,
  },
  "fi-hetu": {
    layouts: "999999-999A, 999999-9999, 999999A999A, 999999A9999",
    words: "hetu, henkilötunnus",
    alone: 80,
    valid: check.isHetu,
  },
  "no-fodselsnummer": {
    layouts: "999999 99999",
    bare: "99999999999",
    words: "fødselsnummer, fodselsnummer",
    alone: 75,
    valid: (code) =>
      isMonthDay(code, 2, 0) &&
      elevenCheck(code, [3, 7, 6, 1, 8, 9, 4, 5, 2], -1) &&
      elevenCheck(code, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2], -1),
  },
  "dk-cpr": {
    layouts: "999999-9999",
    words: "cpr, personnummer",
    alone: 50,
    valid: (code) => isMonthDay(code, 2, 0),
  },
  "pl-pesel": {
    bare: "99999999999",
    words: "pesel",
    alone: 50,
    valid: (code) => weighted(code, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]) % 10 === 0,
  },
  "ro-cnp": {
    bare: "9999999999999",
    words: "cnp, cod numeric",
    alone: 50,
    valid: check.isCnp,
  },
  "bg-egn": {
    bare: "9999999999",
    words: "егн, egn",
    alone: 50,
    valid: (code) =>
      (weighted(code, [2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11) % 10 === Number(code.charAt(9)),
  },
  "cz-birth-number": {
    layouts: "999999/9999",
    words: "rodné číslo, rodne cislo",
    alone: 75,
    valid: (code) => remainder(code, 11) === 0,
  },
  "gr-amka": {
    bare: "99999999999",
    words: "amka, αμκα",
    alone: 50,
    valid: (code) => isMonthDay(code, 2, 0) && luhn(code),
  },
  "tr-kimlik": { bare: "99999999999", words: "kimlik, tckn", alone: 50, valid: check.isKimlik },
};

export const EUROPEAN_IDS: NationalIdRows = { ...WESTERN_EUROPE, ...NORTH_AND_EAST_EUROPE };
