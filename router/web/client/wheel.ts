import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** The name of the package, as `pip` and `import` know it. */
const PACKAGE = 'task_router';

/** A wheel, as the router serves it. */
export interface Wheel {
  /** By the naming of https://packaging.python.org/en/latest/specifications/binary-distribution-format/. */
  readonly file: string;
  readonly bytes: Buffer;
}

/**
 * Writes the package as a pure Python wheel. The same sources give the same bytes on every machine: entries in a fixed order, of a fixed
 * time, and stored, for what deflate makes of them differs from processor to processor.
 *
 * @param sources ASCII texts by their names in the package's folder.
 * @param version by Semantic Versioning, without a part after a hyphen.
 */
export function writeWheel(sources: Readonly<Record<string, string>>, version: string): Wheel {
  const info = `${PACKAGE}-${version}.dist-info`;
  const files: readonly (readonly [path: string, text: string])[] = [
    ...Object.entries(sources)
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, text]) => [`${PACKAGE}/${name}`, text] as const),
    [`${info}/METADATA`, metadata(version)],
    [`${info}/WHEEL`, WHEEL],
    [`${info}/entry_points.txt`, ENTRY_POINTS],
  ];
  const record = files.map(([path, text]) => {
    const hash = createHash('sha256').update(text).digest('base64url');
    return `${path},sha256=${hash},${Buffer.byteLength(text)}\n`;
  });
  const all = [...files, [`${info}/RECORD`, `${record.join('')}${info}/RECORD,,\n`] as const];
  return { file: `${PACKAGE}-${version}-py3-none-any.whl`, bytes: storedZip(all) };
}

const WHEEL = `Wheel-Version: 1.0
Generator: task-traffic-router
Root-Is-Purelib: true
Tag: py3-none-any
`;

/** What `pip` makes a program of. */
const ENTRY_POINTS = `[console_scripts]
task-router = task_router._command.main:main
`;

/** `websockets` is for the command; code in a task imports `clearml` alone. */
const metadata = (version: string): string => `Metadata-Version: 2.1
Name: task-router
Version: ${version}
Summary: Reach ports of ClearML tasks from outside, through the task-traffic-router
License: Apache-2.0
Requires-Python: >=3.9
Requires-Dist: clearml
Requires-Dist: websockets>=15.0
Provides-Extra: keyring
Requires-Dist: keyring; extra == "keyring"
`;

/** 1 January 1980, midnight: the first moment that the format knows (APPNOTE.TXT 4.4.6). */
const DOS_TIME = 0;
const DOS_DATE = 0x21;
/** Version 2.0; made on Unix, for regular files that everybody may read. */
const NEEDED = 20;
const MADE_BY = 0x0314;
const ATTRIBUTES = (0o100644 << 16) >>> 0;

/** An archive by PKWARE's APPNOTE.TXT, sections 4.3.7, 4.3.12 and 4.3.16: nothing compressed, no extra fields. */
function storedZip(files: readonly (readonly [path: string, text: string])[]): Buffer {
  const locals: Buffer[] = [];
  const entries: Buffer[] = [];
  let offset = 0;
  for (const [path, text] of files) {
    const name = Buffer.from(path);
    const data = Buffer.from(text);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(NEEDED, 0);
    common.writeUInt16LE(DOS_TIME, 6);
    common.writeUInt16LE(DOS_DATE, 8);
    common.writeUInt32LE(crc32(data), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(data.length, 18);
    common.writeUInt16LE(name.length, 22);
    const made = Buffer.alloc(2);
    made.writeUInt16LE(MADE_BY);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(ATTRIBUTES, 6);
    place.writeUInt32LE(offset, 10);
    const local = Buffer.concat([Buffer.from('PK\u0003\u0004'), common, name, data]);
    locals.push(local);
    entries.push(Buffer.concat([Buffer.from('PK\u0001\u0002'), made, common, place, name]));
    offset += local.length;
  }
  const directory = Buffer.concat(entries);
  const end = Buffer.alloc(22);
  end.write('PK\u0005\u0006');
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}
