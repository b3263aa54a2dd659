import { describe, expect, it } from 'vitest';
import { countLevels, findRows, marked, plain, rowsOf, textOf, type LogLine } from './logs';

const line = (id: number, message: string, level = 'info'): LogLine => ({ id, message, level, time: '2026-11-30T10:00:00Z' });

describe('plain text', () => {
  it('has no colours, cursor moves or titles', () => {
    expect(plain('\u001b[1;31mError\u001b[0m at \u001b[38;5;208mepoch\u001b[39m 3\u001b[K')).toBe('Error at epoch 3');
    expect(plain('\u001b]0;title\u0007done\u0000')).toBe('done');
  });
  it('has the last state of a progress bar', () => {
    expect(plain('10%\r50%\r100%\nnext')).toBe('100%\nnext');
    expect(plain('100%\r')).toBe('100%');
    expect(plain('a\r\nb')).toBe('a\nb');
  });
  it('keeps tabs', () => expect(plain('a\tb')).toBe('a\tb'));
});

it('a message of several lines has a row for each, and only the first has the time', () => {
  const rows = rowsOf([line(1, 'Traceback\n  File "a.py"\n'), line(2, '')]);
  expect(rows.map(row => [row.text, row.first])).toEqual([['Traceback', true], ['  File "a.py"', false], ['', true]]);
  expect(textOf(rows.slice(0, 2))).toBe('2026-11-30T10:00:00Z\tinfo\tTraceback\n\t\t  File "a.py"');
});
it('rows of a line are made once', () => {
  const lines = [line(1, 'a')];
  expect(rowsOf(lines)[0]).toBe(rowsOf([...lines, line(2, 'b')])[0]);
});
it('levels are counted, unknown ones as info', () =>
  expect(countLevels([line(1, '', 'error'), line(2, '', 'fatal'), line(3, '', 'warning')])).toEqual({ debug: 0, info: 1, warning: 1, error: 1 }));
it('rows are found regardless of case', () => {
  const rows = rowsOf([line(1, 'Loss 0.1'), line(2, 'nothing'), line(3, 'val_LOSS 0.2')]);
  expect(findRows(rows, 'loss')).toEqual([0, 2]);
  expect(findRows(rows, '')).toEqual([]);
});
it('every match is marked, and the text stays whole', () => {
  expect(marked('loss and LOSS', 'loss')).toEqual([{ text: 'loss', hit: true }, { text: ' and ', hit: false }, { text: 'LOSS', hit: true }]);
  expect(marked('İloss', 'loss').map(part => part.text).join('')).toBe('İloss');
  expect(marked('', 'x')).toEqual([{ text: '', hit: false }]);
});
