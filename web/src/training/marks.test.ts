import { expect, it } from 'vitest';
import { tagsOf, withTag } from './marks';

it('a tag is added once, without the spaces around it', () => {
  expect(withTag(['baseline'], '  night shift ')).toEqual(['baseline', 'night shift']);
  expect(withTag(['baseline'], 'Baseline')).toBeNull();
  expect(withTag([], '   ')).toBeNull();
});

it('a tag has at most 50 characters, and a job at most 20 tags', () => {
  expect(withTag([], 'x'.repeat(50))).toEqual(['x'.repeat(50)]);
  expect(withTag([], 'x'.repeat(51))).toBeNull();
  const many = Array.from({ length: 20 }, (_, index) => `tag ${index}`);
  expect(withTag(many, 'one more')).toBeNull();
  expect(withTag(many.slice(1), 'one more')).toHaveLength(20);
});

it('the tag that most jobs have comes first', () => expect(tagsOf([{ tags: ['b', 'a'] }, { tags: ['b'] }, { tags: [] }, { tags: ['c'] }])).toEqual(['b', 'a', 'c']));
