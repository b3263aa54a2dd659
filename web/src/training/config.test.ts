import { expect, test } from 'vitest';
import type { ConfigField, ConfigSchema } from '../api/schema';
import { advancedIn, changesOf, configOf, entriesOf, faultsOf, groupsOf, presetIn, ratiosOf, readEntry, splitCounts } from './config';

const field = (name: string, type: string, rest: Partial<ConfigField> = {}): ConfigField =>
  ({ name, type, group: null, advanced: false, required: false, default: null, min: null, max: null, options: null, description: null, exclusiveMin: false, exclusiveMax: false, ...rest });
const epochs = field('epochs', 'int', { default: 10, min: 1, max: 1000 });
const rate = field('learningRate', 'float', { default: 0.001, min: 0, max: 1, exclusiveMin: true });
const optimizer = field('optimizer', 'select', { default: 'adam', options: ['adam', 'sgd'], group: 'optimizer' });
const decay = field('weightDecay', 'float', { default: 0, min: 0, max: 1, group: 'optimizer', advanced: true });
const mixed = field('mixedPrecision', 'bool', { default: false, advanced: true });
const schema: ConfigSchema = { fields: [optimizer, epochs, rate, decay, mixed], presets: { thorough: { epochs: 60, optimizer: 'sgd', weightDecay: 0.01 } } };

test('numbers are checked as the server does', () => {
  expect(readEntry(epochs, '20')).toEqual({ value: 20 });
  expect(readEntry(epochs, '2.5')).toEqual({ fault: { kind: 'whole' } });
  expect(readEntry(epochs, '0')).toMatchObject({ fault: { kind: 'range', min: 1 } });
  expect(readEntry(rate, '0')).toMatchObject({ fault: { kind: 'range', exclusiveMin: true } });
  expect(readEntry(rate, '1')).toEqual({ value: 1 });
  expect(readEntry(rate, '1e-4')).toEqual({ value: 0.0001 });
  expect(readEntry(rate, 'fast')).toEqual({ fault: { kind: 'number' } });
});

test('an empty field has its default, unless it is required', () => {
  expect(readEntry(epochs, ' ')).toEqual({ value: undefined });
  expect(readEntry({ ...epochs, required: true }, undefined)).toEqual({ fault: { kind: 'required' } });
});

test('an option that is a number stays a number', () => {
  expect(readEntry(field('size', 'select', { options: [224, 448] }), '448')).toEqual({ value: 448 });
  expect(readEntry(optimizer, 'lion')).toEqual({ fault: { kind: 'option' } });
});

test('only what differs from the defaults is sent', () => {
  expect(configOf(schema.fields, { epochs: '10', learningRate: '0.01', mixedPrecision: false, optimizer: '' })).toEqual({ learningRate: 0.01 });
  expect(faultsOf(schema.fields, { epochs: 'x' })).toEqual({ epochs: { kind: 'whole' } });
});

test('a preset is recognized in the entries, and a changed one is not', () => {
  const entries = entriesOf(schema.fields, schema.presets!.thorough as Record<string, unknown>);
  expect(presetIn(schema, entries)).toBe('thorough');
  expect(presetIn(schema, { ...entries, epochs: '61' })).toBeNull();
  expect(presetIn(schema, {})).toBe('default');
});

test('the advanced value of a preset needs no permission, another one does', () => {
  expect(advancedIn(schema, { weightDecay: '0.01' })).toEqual([]);
  expect(advancedIn(schema, { weightDecay: '0.02', mixedPrecision: true })).toEqual(['weightDecay', 'mixedPrecision']);
});

test('a clone changes what differs and takes out what is gone', () => {
  expect(changesOf({ epochs: 20, batchSize: 32, optimizer: 'sgd' }, { epochs: 20, batchSize: 16 })).toEqual({ batchSize: 16, optimizer: null });
});

test('fields without a heading come first', () => {
  expect(groupsOf(schema.fields).map(({ group, fields }) => [group, fields.map(({ name }) => name)])).toEqual([[null, ['epochs', 'learningRate', 'mixedPrecision']], ['optimizer', ['optimizer', 'weightDecay']]]);
});

test('shares are percentages of a whole', () => {
  expect(ratiosOf(['80', '10', '10'])).toEqual([0.8, 0.1, 0.1]);
  expect(ratiosOf(['80', '10', '9'])).toBeNull();
  expect(ratiosOf(['', '50', '50'])).toBeNull();
  expect(ratiosOf(['0', '50', '50'])).toBeNull();
});

test('no split that has a share stays without images', () => {
  expect(splitCounts(100, [0.8, 0.1, 0.1])).toEqual([80, 10, 10]);
  expect(splitCounts(4, [0.9, 0.05, 0.05])).toEqual([2, 1, 1]);
  expect(splitCounts(10, [1, 0, 0])).toEqual([10, 0, 0]);
});
