/** Names of a list that somebody pasted: one on a line, or separated by commas, semicolons or tabs. Repeated names are taken once. */
export function namesOf(text: string): string[] {
  const names: string[] = [];
  const seen = new Set<string>();
  for (const part of text.split(/[\n\r,;\t]+/)) {
    const name = part.trim();
    if (name === '' || seen.has(folded(name))) continue;
    seen.add(folded(name));
    names.push(name);
  }
  return names;
}

/** Names are the same for the platform when they differ only in case or in how letters are encoded. */
export const folded = (name: string): string => name.trim().normalize('NFC').toLowerCase();

/** Places of the names that stand earlier in the list already. */
export function repeatedNames(names: readonly string[]): Set<number> {
  const seen = new Set<string>();
  const repeated = new Set<number>();
  names.forEach((name, index) => {
    const key = folded(name);
    if (key === '') return;
    if (seen.has(key)) repeated.add(index);
    seen.add(key);
  });
  return repeated;
}

/** Messages of the server about a member of the request and everything inside it, such as `classes` and `classes[2]`. */
export function problemsOf(fields: Record<string, string>, member: string): string | undefined {
  const messages = Object.entries(fields).filter(([field]) => field === member || field.startsWith(`${member}.`) || field.startsWith(`${member}[`));
  return messages.length === 0 ? undefined : [...new Set(messages.map(([, message]) => message))].join(' ');
}

/** Keypoints of a person as in COCO, with the lines between them. */
export const personKeypoints = {
  names: ['nose', 'left_eye', 'right_eye', 'left_ear', 'right_ear', 'left_shoulder', 'right_shoulder', 'left_elbow', 'right_elbow', 'left_wrist', 'right_wrist', 'left_hip', 'right_hip', 'left_knee', 'right_knee', 'left_ankle', 'right_ankle'],
  skeleton: [[15, 13], [13, 11], [16, 14], [14, 12], [11, 12], [5, 11], [6, 12], [5, 6], [5, 7], [6, 8], [7, 9], [8, 10], [1, 2], [0, 1], [0, 2], [1, 3], [2, 4], [3, 5], [4, 6]] as [number, number][],
};

/** The data colour of a class by its place among the classes, the same everywhere in the console. */
export const colourOfClass = (place: number): string => `var(--series-${(Math.max(0, place) % 8) + 1})`;
