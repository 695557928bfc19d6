/** A secret of config. Its text is in no log, no JSON and no diff: whoever needs it asks by name. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  reveal(): string {
    return this.#text;
  }
}
