import { existsSync } from 'node:fs';
import { chromium, type Browser, type Page } from 'playwright-core';
import type { Credentials } from '../../lab/clearml/records.ts';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** Why tests are skipped that need a browser; false where there is one. */
export const noChromium = existsSync(CHROMIUM) ? false : `no Chromium at ${CHROMIUM}; set CHROMIUM`;

/** A browser to which all names of example.com are this machine, as the DNS of an installation would have it. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--host-resolver-rules=MAP *.example.com 127.0.0.1'],
  });
}

/** Fills in access key and secret key, of a sign-in or of an act that asks for them again, and presses its button. */
export async function sendKeys(
  page: Page,
  { accessKey, secretKey }: Credentials,
  button: string,
): Promise<void> {
  await page.getByLabel('Access key', { exact: true }).fill(accessKey);
  await page.getByLabel('Secret key').fill(secretKey);
  await page.getByRole('button', { name: button }).click();
}
