import { expect, test } from 'vitest';
import { EventParser } from './events';

test('an event that arrives in pieces is read once', () => {
  const parser = new EventParser();
  expect(parser.push('id: 7\nevent: met')).toEqual([]);
  expect(parser.push('rics\ndata: {"epoch":')).toEqual([]);
  expect(parser.push('3}\n\n')).toEqual([{ id: 7, event: 'metrics', data: { epoch: 3 } }]);
});

test('comments keep the connection open and are no events', () => {
  expect(new EventParser().push(': still here\n\n')).toEqual([]);
});

test('an event of several lines is one', () => {
  expect(new EventParser().push('data: {"a":\r\ndata: 1}\r\n\r\n')).toEqual([{ id: null, event: 'message', data: { a: 1 } }]);
});

test('an event without an id does not take the one of the event before', () => {
  const events = new EventParser().push('id: 1\ndata: 1\n\nevent: end\ndata: {}\n\n');
  expect(events.map((event) => event.id)).toEqual([1, null]);
});
