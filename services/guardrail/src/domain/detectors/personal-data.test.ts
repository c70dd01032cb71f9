import { describe, expect, it } from "vitest";
import { loadPolicies } from "../../adapters/yaml/policy-files.ts";
import { checkText } from "../check-text.ts";
import type { Policy } from "../policy.ts";

const strict = (await loadPolicies(undefined)).find(({ name }) => name === "strict") as Policy;
const found = (text: string) =>
  checkText(strict, { stage: "output", text }).findings.map(
    ({ detector, start, end }) => `${detector} ${text.slice(start, end)}`,
  );

describe("personal data", () => {
  it.each([
    ["pii.national_id", "AB 12 34 56 C"],
    ["pii.national_id", "2 55 08 14 168 025 38"],
    ["pii.national_id", "12345678Z"],
    ["pii.national_id", "X1234567L"],
    ["pii.national_id", "RSSMRA85T10A562S"],
    ["pii.national_id", "529.982.247-25"],
    ["pii.mac_address", "00:1b:44:11:3a:b7"],
    ["pii.crypto_address", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"],
    ["pii.crypto_address", "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"],
    ["pii.phone", "001-555-234-4567x123"],
    ["pii.phone", "(0117) 496 0123"],
    ["pii.ip_address", "fe80::1"],
    ["pii.email", "jp.lefevre@société.fr"],
    ["pii.email", "jane＠example.org"],
    ["pii.credit_card", "４１１１ １１１１ １１１１ １１１１"],
    ["pii.ssn", "521\u201144\u20119382"],
  ])("of kind %s is found in %j", (detector, value) => {
    expect(found(`It is ${value} now`)).toEqual([`${detector} ${value}`]);
  });

  it.each([
    ["Steuer-ID", "86 095 742 719"],
    ["BSN", "111222333"],
    ["SIN", "046 454 286"],
    ["PESEL", "44051401359"],
    ["passport no", "X1234567"],
  ])("that only words tell is found behind %j", (words, value) => {
    expect(found(`${words} ${value}.`)).toEqual([`pii.national_id ${value}`]);
    expect(found(`lot ${value}.`).filter((one) => one.startsWith("pii.national_id"))).toEqual([]);
  });

  it.each([
    "12345678A",
    "RSSMRA85T10A562T",
    "529.982.247-26",
    "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb",
    "ff:ff:ff:ff:ff:ff",
  ])("is not what fails its check: %s", (value) => expect(found(`It is ${value} now`)).toEqual([]));

  it.each(["Tracking id 4749458847494588", "MRN 847-293-1056", "Order 0012-345-6789"])(
    "is not what is called something else: %s",
    (text) => expect(found(text)).toEqual([]),
  );

  it("in a URL takes user and password out together", () => {
    expect(found("postgres://admin:hunter2@localhost/x")).toContain("secret.url_credentials admin:hunter2@");
  });
});
