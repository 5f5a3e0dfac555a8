/** National identifiers outside Europe. */
import { elevenCheck, isMonthDay, luhn, verhoeff, weighted } from "./check-digits.ts";
import type { NationalIdRows } from "./national-id.ts";
import * as check from "./national-id-checks.ts";

const AMERICAS: NationalIdRows = {
  "us-ssn": {
    layouts: "999-99-9999, 999 99 9999, 999.99.9999",
    bare: "999999999",
    words: "ssn, social security",
    alone: 75,
    valid: check.isSsn,
  },
  "us-itin": {
    layouts: "999-99-9999, 999 99 9999",
    bare: "999999999",
    words: "itin, tax id, taxpayer",
    alone: 75,
    valid: check.isItin,
  },
  "us-npi": {
    layouts: "9999-999-999, 9999 999 999",
    bare: "9999999999",
    words: "npi, provider identifier, provider id, national provider",
    alone: 65,
    valid: (code) => /^[12]/.test(code) && luhn(`80840${code}`),
  },
  "us-mbi": {
    layouts:
      "9A99-A99-AA99, 9A99-AA9-AA99, 9AA9-A99-AA99, 9AA9-AA9-AA99, " +
      "9A99A99AA99, 9A99AA9AA99, 9AA9A99AA99, 9AA9AA9AA99",
    words: "medicare, mbi, beneficiary",
    alone: 75,
    valid: (code) => /^[1-9][^SLOIBZ]+$/.test(code),
  },
  "ca-sin": {
    layouts: "999-999-999, 999 999 999",
    bare: "999999999",
    words: "social insurance, assurance sociale, sin number",
    alone: 50,
    valid: (code) => !/^[08]/.test(code) && luhn(code),
  },
  "br-cpf": {
    layouts: "999.999.999-99",
    bare: "99999999999",
    words: "cpf, contribuinte",
    alone: 85,
    valid: check.isCpf,
  },
  "br-cnpj": {
    layouts: "99.999.999/9999-99",
    bare: "99999999999999",
    words: "cnpj",
    alone: 85,
    valid: check.isCnpj,
  },
  "mx-curp": {
    layouts: "AAAA999999AAAAAA99, AAAA999999AAAAAAA9",
    words: "curp",
    alone: 90,
    valid: check.isCurp,
  },
  "ar-cuit": {
    layouts: "99-99999999-9",
    bare: "99999999999",
    words: "cuit, cuil",
    alone: 75,
    valid: (code) => elevenCheck(code, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2], 9),
  },
  "cl-rut": {
    layouts: "99.999.999-9, 9.999.999-9, 99.999.999-A, 9.999.999-A, 99999999-9",
    words: "rut, rol único",
    alone: 70,
    valid: check.isRut,
  },
};

/** Without check digits: told by the word alone. */
const ANYWHERE: NationalIdRows = {
  passport: {
    bare: "999999999, A99999999, A9999999, AA9999999, AA999999, AAA999999, 99AA99999",
    words:
      "passport, passport number, pasaporte, passeport, reisepass, passaporto, passaporte, paspoort, " +
      "paszport, паспорт",
    alone: 0,
    valid: () => true,
  },
};

const ASIA_AND_SOUTH: NationalIdRows = {
  "in-aadhaar": {
    layouts: "9999 9999 9999, 9999-9999-9999, 9999:9999:9999",
    bare: "999999999999",
    words: "aadhaar, aadhar, uidai",
    alone: 75,
    valid: (code) => /^[2-9]/.test(code) && verhoeff(code),
  },
  "in-pan": {
    layouts: "AAAAA9999A",
    words: "pan, permanent account",
    alone: 65,
    valid: (code) => /^...[ABCFGHLJPT]/.test(code),
  },
  "cn-resident-id": {
    layouts: "999999999999999999, 99999999999999999A",
    words: "身份证, resident id",
    alone: 85,
    valid: check.isChinese,
  },
  "jp-my-number": {
    bare: "999999999999, 9999 9999 9999",
    words: "my number, マイナンバー, 個人番号",
    alone: 50,
    valid: check.isMyNumber,
  },
  "kr-rrn": {
    layouts: "999999-9999999",
    bare: "9999999999999",
    words: "주민등록, resident registration",
    alone: 75,
    valid: (code) => isMonthDay(code, 2, 4) && /^.{6}[1-8]/.test(code),
  },
  "sg-nric": { layouts: "A9999999A", words: "nric, fin", alone: 80, valid: check.isNric },
  "hk-id": {
    layouts: "A999999(9), A999999(A), AA999999(9), AA999999(A)",
    words: "hkid",
    alone: 85,
    valid: check.isHongKong,
  },
  "tw-id": {
    layouts: "A999999999",
    words: "身分證, national id",
    alone: 60,
    valid: check.isTaiwanese,
  },
  "th-id": {
    layouts: "9-9999-99999-99-9",
    bare: "9999999999999",
    words: "บัตรประชาชน, thai id",
    alone: 85,
    valid: check.isThai,
  },
  "au-tfn": {
    bare: "999999999, 999 999 999",
    words: "tfn, tax file",
    alone: 50,
    valid: (code) => weighted(code, [1, 4, 3, 7, 5, 8, 6, 9, 10]) % 11 === 0,
  },
  "au-medicare": {
    layouts: "9999 99999 9",
    bare: "9999999999",
    words: "medicare",
    alone: 70,
    valid: (code) =>
      /^[2-6]/.test(code) &&
      weighted(code, [1, 3, 7, 9, 1, 3, 7, 9]) % 10 === Number(code.charAt(8)),
  },
  "au-abn": {
    layouts: "99 999 999 999",
    bare: "99999999999",
    words: "abn, business number",
    alone: 75,
    valid: (code) => (weighted(code, [10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]) - 10) % 89 === 0,
  },
  "nz-ird": {
    bare: "99-999-999, 999-999-999, 999999999",
    words: "ird, inland revenue",
    alone: 50,
    valid: check.isIrd,
  },
  "za-id": {
    layouts: "999999 9999 999",
    bare: "9999999999999",
    words: "identity number, rsa id, id number",
    alone: 70,
    valid: (code) => isMonthDay(code, 2, 4) && /^.{10}[012]/.test(code) && luhn(code),
  },
  "il-id": { bare: "999999999, 99999999-9", words: "תעודת זהות, teudat", alone: 50, valid: luhn },
};

export const WORLD_IDS: NationalIdRows = { ...AMERICAS, ...ASIA_AND_SOUTH, ...ANYWHERE };
