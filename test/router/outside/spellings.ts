/** Base64 of a text wherever it may stand in more bytes: the digits that depend on nothing before or after it. */
function base64Inside(text: string): string[] {
  return [0, 1, 2].map((before) => {
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(text)]);
    const whole = Math.floor(bytes.length / 3) * 4;
    return bytes.toString('base64').slice(before === 0 ? 0 : 4, whole);
  });
}

/** How a secret may be spelled where it must not stand: as it is, in percent encoding, in JSON, in hex, in base64. */
export function spellings(secret: string): readonly string[] {
  const inside = base64Inside(secret);
  return [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    Buffer.from(secret).toString('hex'),
    ...inside,
    ...inside.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
  ];
}

/** Names of the secrets that stand in a text in any spelling. */
export function found(secrets: ReadonlyMap<string, string>, text: string): readonly string[] {
  return [...secrets]
    .filter(([, secret]) => spellings(secret).some((spelling) => text.includes(spelling)))
    .map(([name]) => name);
}
