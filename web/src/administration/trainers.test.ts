import { expect, test } from 'vitest';
import { devicesText } from './trainers';

test('equal devices are counted', () => {
  expect(devicesText([{ type: 'cuda', name: 'NVIDIA A100' }, { type: 'cpu' }, { type: 'cuda', name: 'NVIDIA A100' }])).toBe('2 × NVIDIA A100, cpu');
});

test('a trainer that does not say has no devices', () => expect([devicesText(null), devicesText([])]).toEqual([null, null]));
