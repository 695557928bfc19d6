/** What one Kubernetes object holds, all its values together: its API server refuses more. Bytes. */
export const OBJECT_BYTES = 1024 * 1024;

/**
 * The one place where that is divided: what each section of the state may take as JSON, in bytes. What is left over is for
 * sections to come.
 */
export const SECTION_BYTES = {
  'endpoint-tokens': 288 * 1024,
  grants: 288 * 1024,
  'sign-outs': 352 * 1024,
  'device-sign-ins': 64 * 1024,
  'answers-stamped': 16,
} as const;

/** How many users at the least find room in a section, whatever each of them keeps there. */
const USERS_WITH_ROOM = 8;

/** The most that the records of one user may take of a section, as JSON, in bytes. */
export function shareOfUser(section: keyof typeof SECTION_BYTES): number {
  return SECTION_BYTES[section] / USERS_WITH_ROOM;
}
