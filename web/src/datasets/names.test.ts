import { expect, test } from 'vitest';
import { namesOf, personKeypoints, problemsOf, repeatedNames } from './names';

test('a pasted list becomes names, each once', () => {
  expect(namesOf('car, person;\tbus\n\n Car \r\ntraffic light')).toEqual(['car', 'person', 'bus', 'traffic light']);
});

test('a name that differs only in case is repeated', () => {
  expect(repeatedNames(['Cat', 'dog', '', 'cat ', ''])).toEqual(new Set([3]));
});

test('letters that are encoded in two ways are the same name', () => {
  expect(repeatedNames(['caf\u00e9', 'cafe\u0301'])).toEqual(new Set([1]));
});

test('problems of the entries of a list are shown at the list', () => {
  const fields = { 'classes[0]': 'Too long.', classesOther: 'No.', 'classes[2]': 'Too long.', name: 'Taken.' };
  expect(problemsOf(fields, 'classes')).toBe('Too long.');
  expect(problemsOf(fields, 'name')).toBe('Taken.');
  expect(problemsOf(fields, 'split')).toBeUndefined();
});

test('every line of the skeleton of a person joins two of its points', () => {
  for (const [from, to] of personKeypoints.skeleton) {
    expect(personKeypoints.names[from]).toBeDefined();
    expect(personKeypoints.names[to]).toBeDefined();
  }
});
